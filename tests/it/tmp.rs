//! x
use crate::app::TestApp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[test]
fn slow() {
    TestApp::run(async |app| {
        let addr = app.address.trim_start_matches("http://").to_owned();
        let one = async |head: String, drip: bool| {
            let label = head.chars().rev().take(30).collect::<String>().chars().rev().collect::<String>();
            let t = std::time::Instant::now();
            let s = tokio::net::TcpStream::connect(&addr).await.unwrap();
            let (mut r, mut w) = s.into_split();
            w.write_all(head.as_bytes()).await.unwrap();
            let writer = async {
                if drip {
                    for _ in 0..30 {
                        if w.write_all(b" ").await.is_err() {
                            break;
                        }
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                } else {
                    tokio::time::sleep(std::time::Duration::from_secs(25)).await
                }
            };
            let reader = async {
                let mut b = Vec::new();
                let x = tokio::time::timeout(std::time::Duration::from_secs(20), r.read_to_end(&mut b)).await;
                (x.is_ok(), String::from_utf8_lossy(&b).chars().take(300).collect::<String>())
            };
            tokio::select! { x = reader => println!("{label:?} {drip} {:?} {x:?}\n", t.elapsed()), _ = writer => println!("{:?} writer ended\n", t.elapsed()) }
        };
        let auth = format!("Authorization: Bearer {}\r\n", app.key);
        let p = "POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        tokio::join!(
            one(format!("{p}{auth}Content-Length: 100\r\n\r\n"), true),
            one(format!("{p}{auth}Content-Length: 100\r\n\r\n"), false),
            one(format!("{p}{auth}Transfer-Encoding: chunked\r\n\r\n5\r\nab"), false),
            one(format!("{p}Content-Length: 100\r\n\r\n"), true),
            one(format!("{p}{auth}Content-Length: 1000000\r\n\r\n"), true),
            one(format!("{p}{auth}Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), false),
            one("GET / HTTP/1.1\r\nHost".into(), false),
            one("GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n".into(), false),
            one(format!("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"), false),
        );
    });
}
