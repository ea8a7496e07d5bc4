//! A YAML document whose mappings keep their order, so that the page tells things in the order they were written in.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// What is not there.
static NOTHING: Node = Node::Null;

impl Node {
    /// The member of this name; null if there is none.
    pub fn get(&self, name: &str) -> &Node {
        self.members().iter().find(|(found, _)| found == name).map_or(&NOTHING, |(_, node)| node)
    }

    /// The members of a mapping; none of anything else.
    pub fn members(&self) -> &[(String, Node)] {
        if let Node::Map(members) = self { members } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        if let Node::List(items) = self { items } else { &[] }
    }

    /// The text of a text; empty for anything else.
    pub fn text(&self) -> &str {
        if let Node::Text(text) = self { text } else { "" }
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        *self == Node::Null
    }

    /// What stands at the end of a reference such as `#/components/schemas/Site`; null if nothing does.
    pub fn at(&self, reference: &str) -> &Node {
        reference.trim_start_matches("#/").split('/').fold(self, |node, name| node.get(name))
    }

    /// The value itself, or what its `$ref` names.
    pub fn resolved<'a>(&'a self, document: &'a Node) -> &'a Node {
        match self.get("$ref").text() {
            "" => self,
            reference => document.at(reference),
        }
    }

    /// The value as JSON on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The value as JSON with a line for each member.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => to.serialize_unit(),
            Node::Bool(it) => to.serialize_bool(*it),
            Node::Int(it) => to.serialize_i64(*it),
            Node::Float(it) => to.serialize_f64(*it),
            Node::Text(it) => to.serialize_str(it),
            Node::List(items) => to.collect_seq(items),
            Node::Map(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, node) in members {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        Node::deserialize(from)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Node, E> {
        Ok(Node::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Node, E> {
        Ok(Node::Int(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Node, E> {
        Ok(i64::try_from(it).map_or(Node::Float(it as f64), Node::Int))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Node, E> {
        Ok(Node::Float(it))
    }

    fn visit_str<E>(self, it: &str) -> Result<Node, E> {
        Ok(Node::Text(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = from.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}
