//! The audit of a store in Redis reports what is wrong there, whatever stands in the place.

use std::path::Path;

use ::redis::Commands;
use moderato::clock::Clock;
use moderato::store::{self, Settings};

use crate::audit_redis::audit;
use crate::redis::shared_redis;
use crate::repair::fill;

#[tokio::test]
async fn the_audit_reports_what_it_cannot_read_and_what_does_not_belong() {
    let lent = shared_redis();
    let settings = Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) };
    let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
    fill(&*store).await;
    let audited = || audit(&[lent.servers.port], &lent.prefix);
    assert!(audited().is_ok(), "{:?}", audited());
    let mut behind = ::redis::Client::open(lent.url.as_str()).unwrap().get_connection().unwrap();
    let of_blog = |name: &str| format!("{}:{{blog}}:{name}", lent.prefix);

    let entries: Vec<String> = behind.keys(of_blog("h:*")).unwrap();
    let malformed = ["1", "x:1,0,0,0|", "1:1,0,0|", "1:1,0,0,0,0|", "99999999999:1,0,0,0|", "|7", "|7:x", ":|:"];
    for text in malformed {
        let kept: String = behind.get(&entries[0]).unwrap();
        let () = behind.set(&entries[0], text).unwrap();
        let faults = audited().unwrap_err();
        assert!(faults.iter().any(|fault| fault.ends_with(&format!("cannot be read: {text}"))), "{text}: {faults:?}");
        let () = behind.set(&entries[0], kept).unwrap();
    }

    let keys = format!("{}:keys", lent.prefix);
    let () = behind.hset(&keys, "zzzzzzzzzzzz", "blog").unwrap();
    let index: Vec<u8> = behind.zrange::<_, Vec<Vec<u8>>>(of_blog("s:approved"), 0, 0).unwrap().remove(0);
    let () = behind.zadd(of_blog("s:approved"), &index, 1).unwrap();
    let faults = audited().unwrap_err();
    let expected = ["API key zzzzzzzzzzzz: listed as of `blog`, and not there", "1 members have another score than 0"];
    assert_eq!(faults.len(), expected.len(), "{faults:?}");
    for expected in expected {
        assert!(faults.iter().any(|fault| fault.ends_with(expected)), "{expected}: {faults:?}");
    }
}
