//! What the service is compared with: the same web server, which looks at nothing and only asks the store.
//!
//! `relaxed` and `fsync` (levels of durability) call `recall` and `record` with a comment that was read from the store once, under new ids and history keys
//! each time. `bare` makes one call of a script that keeps a text (HSET), queues it (ZADD) and tells of it (XADD).

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{App, HttpResponse, HttpServer, web};
use moderato::clock::Clock;
use moderato::domain::{
    Beyond, Charge, ChargeStep, Comment, CommentId, ExternalId, Limit, ListQuery, Quota, SiteId, Timestamp,
};
use moderato::store::{self, Charges, Durability, Recall, Record, Settings, Store};

/// The store, and the comment that every request is answered with.
struct Canned {
    store: Arc<dyn Store>,
    site: SiteId,
    comment: Comment,
    next: AtomicU64,
}

/// Serves until it is killed.
pub fn serve(what: &str, url: &str, address: &str) {
    let durability = if what == "relaxed" { Durability::Relaxed } else { Durability::Fsync };
    let listener = TcpListener::bind(address).unwrap();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let (url, bare) = (url.to_owned(), what == "bare");
    actix_web::rt::System::new().block_on(async move {
        if bare {
            let client = ::redis::Client::open(url).unwrap();
            let connection = client.get_multiplexed_async_connection().await.unwrap();
            let app = move || {
                let connection = connection.clone();
                App::new().default_service(web::to(move |body: web::Bytes| call_script(connection.clone(), body)))
            };
            HttpServer::new(app).workers(workers).listen(listener).unwrap().run().await.unwrap();
        } else {
            let canned = web::Data::new(Canned::prepare(&url, durability).await);
            let app = move || App::new().app_data(canned.clone()).default_service(web::to(call_verbs));
            HttpServer::new(app).workers(workers).listen(listener).unwrap().run().await.unwrap();
        }
    });
}

impl Canned {
    async fn prepare(url: &str, durability: Durability) -> Self {
        let store =
            store::open(&Settings { durability, ..Settings::at(url) }, Path::new("/nowhere"), &Clock::System).unwrap();
        let site: SiteId = "demo".parse().unwrap();
        let one = ListQuery { limit: 1, ..ListQuery::default() };
        let comment = store.list(&site, &one).await.unwrap().items.remove(0);
        Self { store, site, comment, next: AtomicU64::new(0) }
    }

    /// The comment as another one: by another author, with another text, under another id of the blog's.
    fn another(&self) -> Comment {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        let now = Clock::System.now();
        let mut comment = self.comment.clone();
        comment.id = CommentId::new(now, random);
        comment.submission.external_id = ExternalId::try_from(format!("canned-{number}")).ok();
        (comment.received_at, comment.written_at, comment.changed_at) = (now, now, now);
        for counted in &mut comment.counted {
            counted.key.hash[..8].copy_from_slice(&number.to_le_bytes());
        }
        comment
    }
}

async fn call_verbs(canned: web::Data<Canned>, body: web::Bytes) -> HttpResponse {
    let comment = canned.another();
    let now: Timestamp = comment.received_at;
    let history = comment.counted.iter().map(|counted| counted.key).collect();
    let ask = Recall { idempotency: None, external_id: comment.submission.external_id.clone(), history, now };
    let charges = charges(&comment);
    let entry = Record { comment, idempotency: None, announced: true, charges };
    match (canned.store.recall(&canned.site, &ask).await, canned.store.record(&canned.site, entry).await) {
        (Ok(_), Ok(_)) => HttpResponse::Created().body(format!("{{\"bytes\":{}}}", body.len())),
        _ => HttpResponse::ServiceUnavailable().finish(),
    }
}

/// Keeps, queues and tells, and nothing else.
const BARE: &str = "
    redis.call('HSET', KEYS[1] .. ARGV[1], 'comment', ARGV[2])
    redis.call('ZADD', KEYS[1] .. 'queue', ARGV[1], ARGV[1])
    return redis.call('XADD', KEYS[1] .. 'feed', '*', 'comment', ARGV[1])";

async fn call_script(mut connection: ::redis::aio::MultiplexedConnection, body: web::Bytes) -> HttpResponse {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static SCRIPT: ::redis::Script = ::redis::Script::new(BARE);
    }
    let script = SCRIPT.with(Clone::clone);
    let mut call = script.key("bare:");
    call.arg(NEXT.fetch_add(1, Ordering::Relaxed)).arg(&body[..]);
    match call.invoke_async::<String>(&mut connection).await {
        Ok(_) => HttpResponse::Created().body("{}"),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

/// What the service would charge for a comment: its post, its author and its site, with quotas that nobody reaches.
fn charges(comment: &Comment) -> Charges {
    let quota = Quota { count: 1_000_000, seconds: 1, burst: 1_000_000 };
    let charge = |limit, key, steps: &[Beyond]| Charge {
        limit,
        key,
        steps: steps.iter().map(|beyond| ChargeStep { quota, beyond: *beyond }).collect(),
    };
    let author = comment.counted.first().map_or([0; 16], |counted| counted.key.hash);
    let due = vec![
        charge(Limit::Author, author, &[Beyond::Mark]),
        charge(Limit::Post, [1; 16], &[Beyond::Mark, Beyond::Refuse]),
        charge(Limit::Site, [2; 16], &[Beyond::Refuse]),
    ];
    Charges { due, stop_at_marks: true }
}
