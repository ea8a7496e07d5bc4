//! Several processes on one store.

use serde_json::{Value, json};

use super::{Redis, call, comment, expect, is_ready, until};

#[test]
fn processes_that_begin_the_same_store_at_once_leave_the_keys_of_the_one_that_did() {
    // Of two folders, and twice of the same.
    for folders in [[0, 1], [0, 0]] {
        let (mut redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
        let place = |number: usize| folder.path().join(number.to_string());
        let services = folders.map(|number| {
            std::fs::create_dir_all(place(number)).unwrap();
            redis.serve(&place(number))
        });
        redis.come();
        for serving in &services {
            until("the service", || is_ready(serving));
        }
        let kept = |number: usize| std::fs::read_to_string(place(number).join("data/first-keys.txt")).ok();
        let files: Vec<String> = if folders[0] == folders[1] { vec![kept(0)] } else { vec![kept(0), kept(1)] }
            .into_iter()
            .flatten()
            .collect();
        let [file] = &files[..] else { panic!("{folders:?}: {files:?}") };
        let key = file.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap();
        for serving in &services {
            assert!(serving.submit("demo", key).starts_with("HTTP/1.1 201 "), "{folders:?}");
        }
        redis.go();
    }
}

#[test]
fn two_processes_on_one_store_see_what_the_other_did() {
    let redis = Redis::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, two] = [0, 1].map(|number| redis.serve(folders[number].path()));
    let kept = expect(call(&one, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 201);
    let path = format!("/v1/sites/demo/comments/{}", kept["id"].as_str().unwrap());
    assert_eq!(kept["status"], "held");
    assert_eq!(expect(call(&two, "GET", &path, &Value::Null), 200)["id"], kept["id"]);
    expect(call(&two, "POST", &format!("{path}/approve"), &Value::Null), 200);
    let seen = expect(call(&one, "GET", &path, &Value::Null), 200);
    assert_eq!((&seen["status"], &seen["version"]), (&json!("approved"), &json!(2)));
    let refused = expect(call(&one, "POST", &format!("{path}/reject"), &Value::Null), 409);
    assert_eq!(refused["type"], "urn:moderato:problem:decided_otherwise");

    // Both have judged by the old policy; the next comment at either is judged by the new one.
    expect(call(&two, "POST", "/v1/sites/demo/comments", &comment("Hello again.")), 201);
    let (head, _) = call(&two, "GET", "/v1/sites/demo/policy", &Value::Null);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    expect(call(&two, "PUT", "/v1/sites/demo/policy", &json!({ "first_comment": "screen" })), 200);
    let judged = expect(call(&one, "POST", "/v1/sites/demo/comments", &comment("And once more.")), 201);
    assert_eq!(judged["status"], "approved", "{judged}");
    let events = expect(call(&one, "GET", "/v1/sites/demo/events", &Value::Null), 200);
    assert_eq!(events["items"].as_array().unwrap().len(), 4, "{events}");
    for serving in [one, two] {
        serving.stop().ends(0);
    }
}
