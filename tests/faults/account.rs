//! Holds a store to its word: reads all of it back through the service, and compares it with the ledger.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::load::{Ledger, Load};
use crate::support::client::Client;

/// What the store has that it must not have, or has no more.
#[derive(Debug, Default)]
pub struct Account {
    /// Acknowledged comments and decisions that are not there.
    pub lost: usize,
    /// Comments, decisions and announcements that are there more than once.
    pub doubled: usize,
    /// What does not agree with itself, or with what was answered.
    pub contradictions: Vec<String>,
}

/// Reads everything and compares.
pub fn hold_to_account(load: &Load) -> Account {
    let mut client = load.client();
    let ledger = load.ledger();
    let mut account = Account::default();
    account.contradictions.extend(ledger.contradictions.iter().cloned());
    let read = all_comments(&mut client).and_then(|comments| Ok((comments, all_events(&mut client)?)));
    let (comments, events) = match read {
        Ok(read) => read,
        Err(why) => {
            account.lost = ledger.submitted.len() + ledger.decided.len();
            account.contradictions.push(format!("the store cannot be read: {why}"));
            return account;
        }
    };
    compare(&mut account, &ledger, &comments);
    announced(&mut account, &comments, &events);
    counted(&mut account, &mut client, &comments);
    account
}

fn compare(account: &mut Account, ledger: &Ledger, comments: &[Value]) {
    let by_id: HashMap<&str, &Value> =
        comments.iter().filter_map(|comment| Some((comment["id"].as_str()?, comment))).collect();
    let mut of_number: HashMap<&str, usize> = HashMap::new();
    for comment in comments {
        // `fault-7-again-1` is the same submission as `fault-7`.
        let name = comment["external_id"].as_str().unwrap_or_default().split("-again").next().unwrap_or_default();
        *of_number.entry(name).or_default() += 1;
        let decisions = comment["decisions"].as_array().map_or(0, Vec::len);
        account.doubled += decisions.saturating_sub(1);
        if comment["version"].as_u64() != Some(1 + decisions as u64) {
            account
                .contradictions
                .push(format!("{}: version {} after {decisions} decisions", comment["id"], comment["version"]));
        }
    }
    account.doubled += of_number.values().map(|count| count - 1).sum::<usize>();
    account.lost += ledger.submitted.values().filter(|id| !by_id.contains_key(id.as_str())).count();
    let is_decided = |(id, status): &(&String, &&str)| {
        let comment = by_id.get(id.as_str());
        comment.is_some_and(|comment| comment["status"] == **status && comment["decisions"][0]["action"].is_string())
    };
    account.lost += ledger.decided.iter().filter(|decided| !is_decided(decided)).count();
}

/// Every version of every comment must have been announced once, and nothing else.
fn announced(account: &mut Account, comments: &[Value], events: &[Value]) {
    let mut seen = HashSet::new();
    for event in events {
        let version = (event["comment"].as_str().unwrap_or_default(), event["version"].as_u64().unwrap_or(0));
        account.doubled += usize::from(!seen.insert(version));
    }
    let mut unannounced = 0;
    for comment in comments {
        let id = comment["id"].as_str().unwrap_or_default();
        unannounced +=
            (1..=comment["version"].as_u64().unwrap_or(0)).filter(|version| !seen.remove(&(id, *version))).count();
    }
    if unannounced + seen.len() > 0 {
        let why =
            format!("{unannounced} versions are not in the feed, and {} of the feed are of no comment", seen.len());
        account.contradictions.push(why);
    }
}

fn counted(account: &mut Account, client: &mut Client, comments: &[Value]) {
    let mut recount: BTreeMap<&str, u64> = ["approved", "held", "open", "rejected"].map(|name| (name, 0)).into();
    for comment in comments {
        let open = comment["review"]["state"] == "open";
        let names = [comment["status"].as_str(), open.then_some("open")];
        for name in names.into_iter().flatten() {
            *recount.entry(name).or_default() += 1;
        }
    }
    let site = client.get("/v1/sites/demo").map(|answer| answer.json()).unwrap_or_default();
    let kept = recount.keys().map(|name| (*name, site["counts"][*name].as_u64().unwrap_or(u64::MAX))).collect();
    if recount != kept {
        account.contradictions.push(format!("counts are {kept:?}, recounted {recount:?}"));
    }
}

fn all_comments(client: &mut Client) -> Result<Vec<Value>, String> {
    let mut comments = Vec::new();
    let mut path = "/v1/sites/demo/comments?sort=oldest&limit=100".to_owned();
    loop {
        let page = read(client, &path)?;
        comments.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(cursor) => path = format!("/v1/sites/demo/comments?sort=oldest&limit=100&cursor={cursor}"),
            None => return Ok(comments),
        }
    }
}

fn all_events(client: &mut Client) -> Result<Vec<Value>, String> {
    let mut events = Vec::new();
    let mut path = "/v1/sites/demo/events?limit=500".to_owned();
    loop {
        let page = read(client, &path)?;
        let items = page["items"].as_array().cloned().unwrap_or_default();
        if items.is_empty() {
            return Ok(events);
        }
        events.extend(items);
        path = format!("/v1/sites/demo/events?limit=500&after={}", page["next"].as_str().unwrap_or_default());
    }
}

/// Reads a page; for some seconds it may be refused, because the fault was only just over.
fn read(client: &mut Client, path: &str) -> Result<Value, String> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let why = match client.get(path) {
            Ok(answer) if answer.status == 200 => return Ok(answer.json()),
            Ok(answer) => format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
            Err(why) => why.to_string(),
        };
        if Instant::now() > until {
            return Err(why);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
