/// How many series differ by colour alone; further ones take the same colours, dashed.
pub const COLOURS: usize = 8;

/// The place of all that have no colour of their own: the grey of the background.
pub(crate) const REST: usize = usize::MAX;

/// The colours of one theme, as names of CSS variables and their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) variables: &'static [(&'static str, &'static str)],
}

/// On white. Chosen to be told apart with the common colour blindnesses, and 3 : 1 against the ground.
pub(crate) const LIGHT: Theme = Theme {
    variables: &[
        ("--ground", "#ffffff"),
        ("--ink", "#1b1f24"),
        ("--muted", "#59636e"),
        ("--grid", "#e6e9ec"),
        ("--base", "#aab2bb"),
        ("--c0", "#2f6fe4"),
        ("--c1", "#cc4812"),
        ("--c2", "#006b4a"),
        ("--c3", "#983a8a"),
        ("--c4", "#989200"),
        ("--c5", "#3a1a94"),
        ("--c6", "#0fa0c0"),
        ("--c7", "#3d434c"),
    ],
};

/// On near-black.
pub(crate) const DARK: Theme = Theme {
    variables: &[
        ("--ground", "#161b22"),
        ("--ink", "#e8ecf0"),
        ("--muted", "#9aa5b1"),
        ("--grid", "#2a313a"),
        ("--base", "#57616d"),
        ("--c0", "#4b9fea"),
        ("--c1", "#f08c1d"),
        ("--c2", "#7fd3a4"),
        ("--c3", "#e0557f"),
        ("--c4", "#f5dc4a"),
        ("--c5", "#9077f0"),
        ("--c6", "#2fd0f5"),
        ("--c7", "#d9dde2"),
    ],
};

/// How the parts of a chart look, by class, in terms of the variables.
pub(crate) const STYLE: &str = "\
text{font-family:Ubuntu,\"Segoe UI\",\"Helvetica Neue\",Arial,sans-serif;font-size:12px;fill:var(--muted)}\
.title{font-size:16px;fill:var(--ink)}\
.label{fill:var(--ink)}\
.grid{stroke:var(--grid);stroke-width:1;fill:none}\
.base{stroke:var(--base);stroke-width:1;fill:none}\
.line{stroke:currentColor;stroke-width:1.8;fill:none;stroke-linejoin:round;stroke-linecap:round}\
.faint{stroke:currentColor;stroke-width:.8;fill:none;opacity:.32;stroke-linejoin:round;stroke-linecap:round}\
.dash{stroke-dasharray:6 4}\
.dot{fill:currentColor;stroke:var(--ground);stroke-width:1}\
.ring{fill:var(--ground);stroke:currentColor;stroke-width:1.6}\
.amount{fill:currentColor;stroke:none}\
.band{fill:currentColor;opacity:.16;stroke:none}\
.tile{fill:currentColor;stroke:none;shape-rendering:crispEdges}\
.level{stroke:var(--ink);stroke-width:1.2;fill:none;stroke-dasharray:5 4;opacity:.75}\
.halo{stroke:var(--ground);stroke-width:3;stroke-linejoin:round;paint-order:stroke}\
.mark{stroke:var(--muted);stroke-width:1;fill:none;stroke-dasharray:2 3}\
.cross{stroke:var(--c1);stroke-width:1.6;fill:none;stroke-linecap:round}\
.own{stroke:currentColor}\
.c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}\
.c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}.rest{color:var(--base)}";

/// The variables of a theme as CSS declarations.
pub(crate) fn variables(theme: Theme) -> String {
    theme.variables.iter().map(|(name, value)| format!("{name}:{value};")).collect()
}

/// The style with the theme's colours written in, for a picture that stands alone.
pub(crate) fn fixed(theme: Theme) -> String {
    let style = STYLE.to_owned();
    theme.variables.iter().fold(style, |style, (name, value)| style.replace(&format!("var({name})"), value))
}

/// The class of a series' colour.
pub(crate) fn class(colour: usize) -> String {
    if colour == REST { "rest".to_owned() } else { format!("c{}", colour % COLOURS) }
}

/// Whether a series is dashed because its colour is taken.
pub(crate) fn dashed(colour: usize) -> bool {
    colour != REST && colour % (2 * COLOURS) >= COLOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_stands_alone_needs_no_variables() {
        for theme in [LIGHT, DARK] {
            assert!(!fixed(theme).contains("var("));
        }
    }

    #[test]
    fn both_themes_define_the_same_variables() {
        let names = |theme: Theme| theme.variables.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(LIGHT), names(DARK));
    }
}
