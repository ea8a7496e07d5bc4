//! Which server has which keys, as the servers themselves tell it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::address::{Address, Kind, Server};
use super::demands::Demands;
use super::dial::{Dial, Wire};
use super::fault::Fault;
use super::node::Node;
use super::presence::{Presence, Turn};
use super::request::SLOTS;
use crate::clock::Stopwatch;

/// How long one of those that are asked may take to answer.
const TELL: Duration = Duration::from_millis(300);
/// What was found less than so long ago is not asked for again.
const FRESH: Duration = Duration::from_millis(50);

/// The servers behind an address.
pub(super) struct Servers {
    address: Address,
    demands: Demands,
    names: String,
    dial: Arc<Dial>,
    engine: Handle,
    map: RwLock<Option<Arc<Map>>>,
    /// One asks at a time; when that was last, and what came of it.
    asking: tokio::sync::Mutex<Option<(Stopwatch, Result<(), Fault>)>>,
    /// Connections to those that are asked.
    asked: Mutex<HashMap<Server, Arc<Wire>>>,
    /// Whether anybody tells.
    presence: Presence,
}

/// Who has what.
pub(super) struct Map {
    nodes: HashMap<Server, Arc<Node>>,
    /// From the first slot of each range to its last, and its primary.
    ranges: BTreeMap<u16, (u16, Server)>,
    /// Whom else one may ask.
    others: Vec<Server>,
}

/// What one of those that were asked tells.
struct Told {
    /// How new it is.
    epoch: u64,
    ranges: BTreeMap<u16, (u16, Server)>,
    others: Vec<Server>,
}

impl Servers {
    pub(super) fn new(address: Address, dial: Dial, (demands, names): (Demands, &str), engine: Handle) -> Self {
        Self {
            address,
            demands,
            names: names.to_owned(),
            dial: Arc::new(dial),
            engine,
            map: RwLock::new(None),
            asking: tokio::sync::Mutex::new(None),
            asked: Mutex::default(),
            presence: Presence::default(),
        }
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.address.kind
    }

    /// The primaries that are known.
    pub(super) fn known(&self) -> Vec<Arc<Node>> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner).clone();
        let map = map.iter().flat_map(|map| map.ranges.values().filter_map(|(_, server)| map.nodes.get(server)));
        let unique: HashMap<&Server, &Arc<Node>> = map.map(|node| (&node.server, node)).collect();
        unique.into_values().cloned().collect()
    }

    /// The primary of a slot; who does not know asks.
    pub(super) async fn of(&self, slot: u16) -> Result<Arc<Node>, Fault> {
        if let Some(node) = self.known_of(slot) {
            return Ok(node);
        }
        self.presence.here().map_err(Fault::Final)?;
        self.ask().await?;
        self.known_of(slot).ok_or_else(|| Fault::NotDone(format!("no server of the cluster has slot {slot}")))
    }

    fn known_of(&self, slot: u16) -> Option<Arc<Node>> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let map = map.as_ref()?;
        let (_, (last, server)) = map.ranges.range(..=slot).next_back()?;
        map.nodes.get(server).filter(|_| *last >= slot).cloned()
    }

    /// A server to which one is sent.
    pub(super) fn node(&self, server: &Server) -> Arc<Node> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = map.as_ref().and_then(|map| map.nodes.get(server)) {
            return Arc::clone(node);
        }
        let node = self.new_node(server);
        if let Some(old) = map.as_ref() {
            let mut nodes = old.nodes.clone();
            nodes.insert(server.clone(), Arc::clone(&node));
            let (ranges, others) = (old.ranges.clone(), old.others.clone());
            *map = Some(Arc::new(Map { nodes, ranges, others }));
        }
        node
    }

    fn new_node(&self, server: &Server) -> Arc<Node> {
        Node::new(server.clone(), &self.dial, (self.demands, &self.names), &self.engine)
    }

    /// Asks who has what, unless somebody did a moment ago.
    pub(super) async fn ask(&self) -> Result<(), Fault> {
        let mut asking = self.asking.lock().await;
        if let Some((since, found)) = &*asking
            && since.elapsed() < FRESH
        {
            return found.clone();
        }
        let began = Stopwatch::start();
        let found = self.tell().await;
        match &found {
            Ok(()) => {
                if self.presence.answered() == Turn::Back {
                    tracing::info!("the servers of the store answer again");
                }
            }
            Err(fault) => {
                let why = fault.clone().into_error();
                if self.presence.failed(began, &why) == Turn::Gone {
                    tracing::warn!("nobody tells where the store is: {why}");
                }
            }
        }
        *asking = Some((Stopwatch::start(), found.clone()));
        found
    }

    async fn tell(&self) -> Result<(), Fault> {
        let told = match &self.address.kind {
            Kind::Single => {
                let whole = BTreeMap::from([(0, (SLOTS - 1, self.address.seeds[0].clone()))]);
                Told { epoch: 0, ranges: whole, others: Vec::new() }
            }
            Kind::Sentinel(name) => self.told_by_sentinels(name).await?,
            Kind::Cluster => self.told_by_cluster().await?,
        };
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let old = map.as_ref().map(|map| &map.nodes);
        let mut nodes = HashMap::new();
        for (_, server) in told.ranges.values() {
            let node = || old.and_then(|old| old.get(server).cloned()).unwrap_or_else(|| self.new_node(server));
            nodes.entry(server.clone()).or_insert_with(node);
        }
        *map = Some(Arc::new(Map { nodes, ranges: told.ranges, others: told.others }));
        Ok(())
    }

    /// Asks all Sentinels; what most of them say holds.
    async fn told_by_sentinels(&self, name: &str) -> Result<Told, Fault> {
        let mut question = redis::cmd("SENTINEL");
        question.arg("get-master-addr-by-name").arg(name);
        let answers = join_all(self.address.seeds.iter().map(|sentinel| self.hear(sentinel, &question))).await;
        let (mut votes, mut last) = (HashMap::<Server, usize>::new(), None);
        for (sentinel, answer) in self.address.seeds.iter().zip(answers) {
            match answer.map(redis::from_redis_value::<Option<(String, u16)>>) {
                Ok(Ok(Some((host, port)))) => *votes.entry(Server { host, port }).or_default() += 1,
                Ok(_) => last = Some(Fault::NotDone(format!("{sentinel} watches no primary named {name}"))),
                Err(fault) => last = Some(fault),
            }
        }
        let Some((primary, _)) = votes.into_iter().max_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)))
        else {
            return Err(last.unwrap_or_else(|| Fault::NotDone("no Sentinel answers".to_owned())));
        };
        Ok(Told { epoch: 0, ranges: BTreeMap::from([(0, (SLOTS - 1, primary))]), others: Vec::new() })
    }

    /// Asks all servers of the cluster that are known; the newest of what they say holds.
    async fn told_by_cluster(&self) -> Result<Told, Fault> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut servers = self.address.seeds.clone();
        servers.extend(map.iter().flat_map(|map| map.others.iter().chain(map.nodes.keys())).cloned());
        servers.sort();
        servers.dedup();
        let (mut best, mut last) = (None::<Told>, None);
        for told in join_all(servers.iter().map(|server| self.told_by_server(server))).await {
            match told {
                Ok(told) if best.as_ref().is_none_or(|best| best.epoch < told.epoch) => best = Some(told),
                Ok(_) => {}
                Err(fault) => last = Some(fault),
            }
        }
        best.ok_or_else(|| last.unwrap_or_else(|| Fault::NotDone("no server of the cluster answers".to_owned())))
    }

    async fn told_by_server(&self, server: &Server) -> Result<Told, Fault> {
        let ask = |what: &str| {
            let mut question = redis::cmd("CLUSTER");
            question.arg(what);
            question
        };
        let (info, slots) = (ask("INFO"), ask("SLOTS"));
        let (info, slots) = tokio::join!(self.hear(server, &info), self.hear(server, &slots));
        let strange = || Fault::NotDone(format!("{server} tells nothing of a cluster that can be understood"));
        let info = redis::from_redis_value::<String>(info?).map_err(|_| strange())?;
        let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let epoch = field("cluster_current_epoch").and_then(|epoch| epoch.trim_end().parse().ok()).unwrap_or(0);
        let Value::Array(entries) = slots? else { return Err(strange()) };
        let mut told = Told { epoch, ranges: BTreeMap::new(), others: Vec::new() };
        for entry in entries {
            let Value::Array(parts) = entry else { return Err(strange()) };
            let mut parts = parts.into_iter();
            let mut number = || parts.next().and_then(|part| redis::from_redis_value::<u16>(part).ok());
            let (first, last) = number().zip(number()).ok_or_else(strange)?;
            let mut servers = parts.filter_map(|part| server_in(part, server));
            told.ranges.insert(first, (last, servers.next().ok_or_else(strange)?));
            told.others.extend(servers);
        }
        if told.ranges.is_empty() { Err(strange()) } else { Ok(told) }
    }

    /// Asks one that tells.
    async fn hear(&self, server: &Server, question: &redis::Cmd) -> Result<Value, Fault> {
        let wire = self.wire(server);
        let heard = timeout(TELL, async {
            let mut connection = wire.connection().await?;
            let answer = connection.through.send_packed_command(question).await;
            let answer = answer.and_then(Value::extract_error).map_err(|why| Fault::of(&why, server));
            if matches!(answer, Err(Fault::Doubtful(_) | Fault::Final(_))) {
                wire.lost(&connection).await;
            }
            answer
        });
        match heard.await {
            Ok(answer) => answer,
            Err(_) => {
                wire.close().await;
                Err(Fault::NotDone(format!("{server} does not answer within {TELL:?}")))
            }
        }
    }

    fn wire(&self, server: &Server) -> Arc<Wire> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = asked.entry(server.clone()).or_insert_with(|| {
            // Sentinels have no databases, and mostly no users.
            let dial = match &self.address.kind {
                Kind::Sentinel(_) => Arc::new(self.dial.as_nobody()),
                _ => Arc::clone(&self.dial),
            };
            Arc::new(Wire::new(dial, server.clone()))
        });
        Arc::clone(wire)
    }

    /// Whether nobody tells where the servers are.
    pub(super) fn here(&self) -> Result<(), crate::store::Error> {
        self.presence.here()
    }
}

/// A server in an answer to `CLUSTER SLOTS`. No host means the one that was asked.
fn server_in(part: Value, asked: &Server) -> Option<Server> {
    let Value::Array(fields) = part else { return None };
    let mut fields = fields.into_iter();
    let host = redis::from_redis_value::<Option<String>>(fields.next()?).ok()?;
    let port = redis::from_redis_value::<u16>(fields.next()?).ok()?;
    let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| asked.host.clone());
    Some(Server { host, port })
}
