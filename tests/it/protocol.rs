//! HTTP itself: request ids, methods, media types, encodings, sizes.

use serde_json::json;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{TestApp, submission};

#[test]
fn a_request_has_an_id_the_callers_own_if_it_is_sane() {
    TestApp::run(async |app| {
        for own in ["abc", "A-1_b.c", &"x".repeat(64), "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d"] {
            let answer = app.get("/nothing").header("x-request-id", own).send().await.problem(404, "unknown_route");
            assert_eq!(answer.header("x-request-id"), own);
        }
        for wrong in ["", "a b", "a/b", "ä", "<script>", &"x".repeat(65)] {
            let answer = app.get("/livez").header("x-request-id", wrong).send().await.expect(200);
            let id = answer.header("x-request-id");
            assert!(id != wrong && id.len() == 36 && id.as_bytes()[14] == b'7', "{wrong}: {id}");
        }
    });
}

#[test]
fn what_is_not_in_the_table_is_not_there() {
    TestApp::run(async |app| {
        let paths = [
            "/",
            "/v1",
            "/v1/",
            "/v1/sites/",
            "/v1/sites/demo/",
            "/v1/sites/demo/comments/",
            "/V1/sites",
            "//v1/sites",
            "/v1//sites",
            "/v1/sites/demo/comments/ext:1/publish",
            "/livez/",
            "/metrics/",
            "/v1/rules;x=1",
            "/%00",
        ];
        for path in paths {
            for method in ["GET", "POST", "DELETE"] {
                app.call(method, path).send().await.problem(404, "unknown_route");
            }
        }
    });
}

#[test]
fn a_path_says_which_methods_it_takes() {
    TestApp::run(async |app| {
        let cases = [
            ("PUT", "/livez", "GET"),
            ("PATCH", "comments", "GET, POST"),
            ("GET", "comments/check", "POST"),
            ("POST", "comments/ext:1", "GET, PATCH, DELETE"),
            ("OPTIONS", "/v1/sites/demo", "GET, PATCH, DELETE"),
            ("BREW", "keys", "GET, POST"),
        ];
        for (method, path, allow) in cases {
            let answer = app.call(method, path).header("x-http-method-override", "GET").send().await;
            assert_eq!(answer.problem(405, "method_not_allowed").header("allow"), allow);
        }
    });
}

#[test]
fn what_answers_get_answers_head_without_a_body() {
    TestApp::run(async |app| {
        for path in ["/livez", "/readyz", "/openapi.yaml", "comments", "events", "/metrics"] {
            let answer = app.call("HEAD", path).key(&app.operator).send().await.expect(200);
            assert!(answer.bytes.is_empty() && answer.header("content-length") != "0", "{path}");
        }
    });
}

#[test]
fn a_body_must_be_marked_as_json() {
    TestApp::run(async |app| {
        let send = async |kind: Option<&str>| {
            let call = app.post("comments", &submission("Hello.")).without("content-type");
            let call = if let Some(kind) = kind { call.header("content-type", kind) } else { call };
            call.send().await
        };
        for kind in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/json; charset=latin1"),
        ] {
            send(kind).await.problem(415, "not_json");
        }
        for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            send(Some(kind)).await.expect(201);
        }
        let comment = app.held_comment().await;
        let path = format!("{}/reject", crate::app::path_of(&comment));
        app.post(&path, &json!({})).without("content-type").send().await.problem(415, "not_json");
    });
}

#[test]
fn a_compressed_body_is_refused_whatever_it_holds() {
    TestApp::run(async |app| {
        for encoding in ["gzip", "br", "zstd", "deflate", "gzip, gzip", "identity, gzip", "x"] {
            let call = app.post("comments", &submission("Hello.")).header("content-encoding", encoding);
            call.send().await.problem(415, "encoded_body");
        }
        app.post("comments", &submission("Hello.")).header("content-encoding", "Identity").send().await.expect(201);
    });
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    TestApp::run(async |app| {
        let limit = 256 * 1024;
        let mut body = submission("Hello.").to_string();
        body.push_str(&" ".repeat(limit - body.len()));
        app.call("POST", "comments").text(body.clone()).send().await.expect(201);
        body.push(' ');
        app.call("POST", "comments").text(body).send().await.problem(413, "too_large");
        let comment = app.held_comment().await;
        let path = format!("{}/reject", crate::app::path_of(&comment));
        app.call("POST", &path).text(" ".repeat(limit + 1)).send().await.problem(413, "too_large");
    });
}

#[test]
fn parameters_are_refused_where_there_are_none_but_not_a_monitors() {
    TestApp::run(async |app| {
        for path in ["/v1/rules?limit=1", "/v1/sites/demo?fields=public", "keys?=", "comments/ext:1?Fields=public"] {
            let answer = app.get(path).send().await.problem(422, "invalid");
            assert_eq!(answer.faults()[0].1, "unknown_parameter");
        }
        for path in ["/livez?t=1", "/readyz?t=1", "/openapi.yaml?t=1"] {
            app.get(path).send().await.expect(200);
        }
    });
}

#[test]
fn what_comes_after_a_request_that_closes_the_connection_is_not_done() {
    TestApp::run(async |app| {
        let body = submission("Hello.").to_string();
        let mut connection = tokio::net::TcpStream::connect(app.address.trim_start_matches("http://")).await.unwrap();
        let requests = format!(
            "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n\
             POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            app.key,
            body.len()
        );
        connection.write_all(requests.as_bytes()).await.unwrap();
        let mut answers = String::new();
        let closed = connection.read_to_string(&mut answers);
        tokio::time::timeout(std::time::Duration::from_secs(8), closed)
            .await
            .expect("the connection stays open")
            .unwrap();
        assert!(answers.starts_with("HTTP/1.1 200 ") && answers.contains("HTTP/1.1 400 "), "{answers}");
        assert!(answers.contains("urn:moderato:problem:after_close"), "{answers}");
        assert!(app.get("comments").send().await.ids().is_empty());
    });
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_a_body() {
    TestApp::run(async |app| {
        let bodies = ["Content-Length: 100\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"];
        for body in bodies {
            let mut connection =
                tokio::net::TcpStream::connect(app.address.trim_start_matches("http://")).await.unwrap();
            let head = "POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
            connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let closed = connection.read_to_end(&mut answer);
            tokio::time::timeout(std::time::Duration::from_secs(8), closed)
                .await
                .expect("the connection stays open")
                .unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer));
        }
    });
}

#[test]
fn a_head_is_bounded() {
    TestApp::run(async |app| {
        let with_lines = |lines: usize| {
            // The client sends `accept`, `host` and the key by itself.
            (3..lines).fold(app.get("comments"), |call, line| call.header(&format!("x-line-{line}"), "1"))
        };
        with_lines(64).send().await.expect(200);
        let refused = with_lines(65).send().await.problem(431, "too_many_headers");
        assert_eq!(refused.body["detail"], "A request may have 64 header lines, not 65.");
        let path = |length: usize| format!("/livez?{}", "x".repeat(length - "/livez?".len()));
        app.get(&path(8 * 1024)).send().await.expect(200);
        let refused = app.get(&path(8 * 1024 + 1)).send().await.problem(414, "target_too_long");
        assert_eq!(refused.body["detail"], "Path and query may have 8192 bytes, not 8193.");
    });
}

/// A POST of a comment whose body comes as it is written here: pieces, each after a pause in milliseconds. What is answered, and
/// after how many seconds.
async fn dripped(app: &TestApp, length: usize, pieces: &[(u64, usize)]) -> (String, u64) {
    let address = app.address.trim_start_matches("http://");
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/sites/demo/comments/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
        app.key
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = connection.into_split();
    let begun = moderato::clock::Stopwatch::start();
    let send = async {
        for (pause, bytes) in pieces {
            tokio::time::sleep(std::time::Duration::from_millis(*pause)).await;
            // Whoever was refused may be hung up on.
            let _ = writing.write_all(&vec![b' '; *bytes]).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = vec![0; 16];
    tokio::select! {
        read = reading.read_exact(&mut answer) => drop(read.unwrap()),
        () = send => {}
    }
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed().as_secs())
}

#[test]
fn a_body_that_is_slow_is_not_waited_for() {
    TestApp::run(async |app| {
        let drip: Vec<(u64, usize)> = (0..100).map(|_| (100, 1)).collect();
        let steady: Vec<(u64, usize)> = (0..50).map(|_| (100, 150)).collect();
        let endless: Vec<(u64, usize)> = (0..120).map(|_| (100, 100)).collect();
        let (silent, drip, late, steady, endless) = tokio::join!(
            dripped(app, 1_000, &[]),
            dripped(app, 1_000, &drip),
            dripped(app, 4_000, &[(2_500, 2_500), (3_000, 1_500)]),
            dripped(app, 50 * 150, &steady),
            dripped(app, 100_000, &endless),
        );
        assert_eq!(silent, ("HTTP/1.1 408 Req".to_owned(), 3));
        assert_eq!(drip, ("HTTP/1.1 408 Req".to_owned(), 3));
        assert_eq!(late.0, "HTTP/1.1 408 Req", "2,500 bytes have five seconds");
        assert!((5..=6).contains(&late.1), "{late:?}");
        assert_eq!(steady.0, "HTTP/1.1 400 Bad", "it came whole, and is no JSON");
        assert_eq!(endless.0, "HTTP/1.1 408 Req");
        assert!((10..=11).contains(&endless.1), "{endless:?}");
    });
}
