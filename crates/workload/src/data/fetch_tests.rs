use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

const BODY: &[u8] = b"To be, or not to be, that is the question";
// From `printf 'To be, or not to be, that is the question' | sha256sum`.
const SUM: &str = "cb95b40d7f8a7c451b3af10ee19d87c643215b116c5529800e6620625e915444";

const DATASET: Dataset = Dataset {
    name: "hamlet",
    summary: "",
    origin: "",
    licence: "",
    files: &[DataFile {
        name: "question.txt",
        bytes: BODY.len() as u64,
        sha256: SUM,
        url: "http://127.0.0.1:9/",
        subsets: &[],
    }],
    examine: |data| {
        let path = data.join("hamlet").join("question.txt");
        if path.exists() { Ok(String::new()) } else { Err(WorkloadError::Missing { path, dataset: "hamlet" }) }
    },
};

/// A server that gives every request this answer; joining it returns the first lines of the requests.
struct Server {
    base: String,
    requests: JoinHandle<Vec<String>>,
}

impl Server {
    fn answering(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/data/", listener.local_addr().unwrap());
        let serve = move |answer: Vec<u8>| {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request = lines.next().unwrap();
            lines.find(String::is_empty);
            // A client that has read enough hangs up.
            let _ = (&stream).write_all(&answer);
            request
        };
        Self { base, requests: thread::spawn(move || answers.into_iter().map(serve).collect()) }
    }

    fn serving(body: &[u8]) -> Self {
        Self::answering(vec![answer("200 OK", body.len(), body)])
    }
}

fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Everything in the dataset's folder.
fn names(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("hamlet")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn failure(server: Server) -> WorkloadError {
    let data = tempfile::tempdir().unwrap();
    let error = fetch_dataset(&DATASET, data.path(), Some(&server.base), &mut |_| {}).unwrap_err();
    assert!(names(data.path()).is_empty(), "nothing of a failed download stays");
    server.requests.join().unwrap();
    error
}

#[test]
fn a_download_is_checked_and_takes_its_place() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::serving(BODY);
    let mut last = None;
    let paths =
        fetch_dataset(&DATASET, data.path(), Some(&server.base), &mut |progress| last = Some(progress)).unwrap();
    assert_eq!(server.requests.join().unwrap(), ["GET /data/question.txt HTTP/1.1"]);
    assert_eq!(fs::read(&paths[0]).unwrap(), BODY);
    assert_eq!(names(data.path()), ["question.txt"]);
    let total = BODY.len() as u64;
    assert_eq!(last, Some(Progress { file: "question.txt", received: total, total }));
}

#[test]
fn what_is_already_there_is_not_downloaded_again() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("hamlet")).unwrap();
    fs::write(data.path().join("hamlet/question.txt"), BODY).unwrap();
    // No server: a request would fail.
    fetch_dataset(&DATASET, data.path(), None, &mut |_| {}).unwrap();
}

#[test]
fn a_file_of_another_content_is_never_replaced() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("hamlet/question.txt");
    fs::create_dir(data.path().join("hamlet")).unwrap();
    fs::write(&path, b"mine").unwrap();
    let error = fetch_dataset(&DATASET, data.path(), None, &mut |_| {}).unwrap_err();
    assert!(matches!(error, WorkloadError::Occupied { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn another_content_of_the_same_size_is_refused() {
    let error = failure(Server::serving(&BODY.to_ascii_uppercase()));
    assert!(matches!(error, WorkloadError::WrongDownload { .. }), "{error}");
    assert!(error.to_string().contains(SUM), "{error}");
}

#[test]
fn an_answer_too_long_or_too_short_is_refused() {
    let long = failure(Server::serving(&[BODY, b"!"].concat()));
    assert!(matches!(long, WorkloadError::WrongDownload { .. }), "{long}");
    let short = failure(Server::serving(&BODY[1..]));
    assert!(short.to_string().contains("40 bytes arrived; expected 41"), "{short}");
}

#[test]
fn a_connection_that_breaks_off_is_a_failed_download() {
    let error = failure(Server::answering(vec![answer("200 OK", BODY.len(), &BODY[..10])]));
    assert!(matches!(error, WorkloadError::Download { .. }), "{error}");
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let error = failure(Server::answering(vec![answer("404 Not Found", 0, b"")]));
    assert!(matches!(error, WorkloadError::Download { .. }) && error.to_string().contains("404"), "{error}");
}

#[test]
fn an_unknown_dataset_is_not_fetched() {
    let error = fetch("hamlet", Path::new("nowhere"), None, &mut |_| {}).unwrap_err();
    assert!(matches!(error, WorkloadError::UnknownDataset { .. }), "{error}");
}
