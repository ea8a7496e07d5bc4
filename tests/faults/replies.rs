//! Answers of Redis that are lost on their way, after what they tell of was done.

use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, Manners, at};
use super::proxy::{Proxy, Trick};
use super::table::{Kind, Row, Scale};
use crate::redis::{DURABLE, Server};

/// Answers are lost, and the connection with them.
pub fn answers_lost(scale: &Scale) -> Vec<Row> {
    let most = scale.lost_replies;
    let run = lose(most, Trick::DropAnswers { every: 3, most }, Manners::SameKey);
    // The service gives up, and its clients repeat.
    let mut clients = lose(most.div_ceil(20), Trick::DropAllAnswers, Manners::SameKey);
    clients.name = format!("{}, longer than the service repeats", clients.name);
    let mut control = lose(most.div_ceil(20), Trick::DropAllAnswers, Manners::AnotherKey);
    control.become_control("the same, clients repeat with another key");
    vec![run, clients, control]
}

fn lose(most: u64, trick: Trick, manners: Manners) -> Row {
    let redis = Server::start(&DURABLE);
    let proxy = Proxy::start(redis.port, trick);
    let mut load = Load::start(at(&proxy.url(), ""), manners);
    let until = Instant::now() + Duration::from_secs(240);
    let enough = || proxy.dropped().0 >= most && proxy.dropped().1 >= most;
    while !enough() && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
    let (submissions, decisions) = proxy.dropped();
    let name = format!("answers lost: {submissions} to submissions, {decisions} to decisions");
    let mut row = Row::of(&name, Kind::Run, &mut load);
    row.demand(submissions >= most && decisions >= most, || "fewer answers were lost than meant".to_owned());
    row
}
