//! What must not compile.

#[test]
fn the_product_of_two_schedules_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
