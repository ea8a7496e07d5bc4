//! Schemas as words and as tables of fields.

use super::html::{code, line, table};
use super::node::Node;
use crate::http::escape::escaped;

/// How many `allOf` and `$ref` may lead to each other before it is taken for a circle.
const DEEPEST: usize = 8;

/// The schemas of one document.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'a> {
    pub document: &'a Node,
}

/// A field as its table shows it.
struct Field<'a> {
    name: String,
    depth: usize,
    is_required: bool,
    schema: &'a Node,
}

impl<'a> Schemas<'a> {
    /// What kind of value it is, as HTML; a named schema is a link to its section.
    pub fn kind(self, schema: &Node) -> String {
        if let Some(name) = name_of(schema) {
            return format!("<a href=\"#schema-{0}\">{0}</a>", escaped(name));
        }
        if !schema.get("const").is_null() {
            return code(&word(schema.get("const")));
        }
        if !schema.get("enum").is_null() {
            let values: Vec<_> = schema.get("enum").items().iter().map(|value| code(&word(value))).collect();
            return values.join(" | ");
        }
        if schema.get("type").is_null() && alternatives(schema).next().is_some() {
            let mut kinds: Vec<_> = alternatives(schema).map(|one| self.kind(one)).collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
        if let [one] = schema.get("allOf").items()
            && schema.get("properties").is_null()
        {
            return self.kind(one);
        }
        let named: Vec<&str> = match schema.get("type") {
            Node::Text(one) => vec![one],
            several => several.items().iter().map(Node::text).collect(),
        };
        let kinds = named.iter().map(|kind| match *kind {
            "array" if !schema.get("items").is_null() => format!("array of {}", self.kind(schema.get("items"))),
            "string" => match schema.get("format").text() {
                "" => "string".to_owned(),
                format => format!("string ({})", escaped(format)),
            },
            other => escaped(other),
        });
        let kinds: Vec<_> = kinds.collect();
        match (kinds.is_empty(), schema.get("properties").is_null()) {
            (false, _) => kinds.join(" or "),
            (true, false) => "object".to_owned(),
            (true, true) => "anything".to_owned(),
        }
    }

    /// The limits of a value, as HTML phrases; those of a named schema and of a list's items are told too.
    pub fn limits(self, schema: &Node) -> Vec<String> {
        let mut found = Vec::new();
        for schema in [schema, schema.resolved(self.document)] {
            for (least, most, unit) in [
                ("minLength", "maxLength", " characters"),
                ("minItems", "maxItems", " items"),
                ("minimum", "maximum", ""),
            ] {
                found.extend(range(schema.get(least), schema.get(most), unit));
            }
            for (name, words) in [("pattern", "matches"), ("default", "default")] {
                if !schema.get(name).is_null() {
                    found.push(format!("{words} {}", code(&word(schema.get(name)))));
                }
            }
        }
        if !schema.get("items").is_null() {
            found.extend(self.limits(schema.get("items")).iter().map(|limit| format!("each {limit}")));
        }
        // A schema without a name is its own target, and would tell everything twice.
        let mut told: Vec<String> = Vec::new();
        for limit in found {
            if !told.contains(&limit) {
                told.push(limit);
            }
        }
        told
    }

    /// What is said of a value: its own description, or that of the schema it names.
    fn words(self, schema: &'a Node) -> &'a str {
        let own = schema.get("description").text();
        let named = std::iter::once(schema).chain(alternatives(schema)).map(|one| one.resolved(self.document));
        let mut all = std::iter::once(own).chain(named.map(|one| one.get("description").text()));
        all.find(|words| !words.is_empty()).unwrap_or_default()
    }

    /// The values that a named list of words allows; empty for anything else.
    pub fn values(self, schema: &Node) -> String {
        match name_of(schema) {
            Some(_) if !schema.resolved(self.document).get("enum").is_null() => {
                self.kind(schema.resolved(self.document))
            }
            _ => String::new(),
        }
    }

    /// The fields of a schema as a table; without fields, its kind and limits as a sentence.
    pub fn describe(self, name: &str, schema: &'a Node) -> String {
        let mut fields = Vec::new();
        self.collect(schema, 0, &mut fields);
        if fields.is_empty() {
            let limits = self.limits(schema);
            let limits = if limits.is_empty() { String::new() } else { format!("; {}", limits.join("; ")) };
            return format!("<p>{}{limits}.</p>\n", self.kind(schema));
        }
        let rows: String = fields.iter().map(|field| self.row(field)).collect();
        let is_closed = |key| *schema.resolved(self.document).get(key) == Node::Bool(false);
        let note = if is_closed("additionalProperties") || is_closed("unevaluatedProperties") {
            "<p class=\"quiet\">There are no other fields.</p>\n"
        } else {
            ""
        };
        table(&format!("Fields of {name}"), &["Field", "Kind", "Meaning and limits"], &rows) + note
    }

    fn row(self, field: &Field<'a>) -> String {
        let mut notes = Vec::new();
        let words = self.words(field.schema);
        if !words.is_empty() {
            notes.push(line(words));
        }
        let mut limits = self.limits(field.schema);
        let values = self.values(field.schema);
        if !values.is_empty() {
            limits.insert(0, values);
        }
        if !limits.is_empty() {
            notes.push(format!("<span class=\"limits\">{}</span>", limits.join("; ")));
        }
        let required = if field.is_required { " <span class=\"required\">required</span>" } else { "" };
        let depth = field.depth.min(4);
        if std::ptr::eq(field.schema, &ONE_OF) {
            return format!(
                "<tr><th scope=\"row\" class=\"in{depth}\" colspan=\"3\">{}</th></tr>\n",
                escaped(&field.name)
            );
        }
        let (name, kind) = (code(&field.name), self.kind(field.schema));
        let notes = notes.join(" ");
        format!("<tr><th scope=\"row\" class=\"in{depth}\">{name}{required}</th><td>{kind}</td><td>{notes}</td></tr>\n")
    }

    /// The fields of an object and of the unnamed objects in it, in order. A named one is a link instead, so that a schema
    /// that contains itself has an end.
    fn collect(self, schema: &'a Node, depth: usize, into: &mut Vec<Field<'a>>) {
        if depth > DEEPEST {
            return;
        }
        let schema = if depth == 0 { schema.resolved(self.document) } else { schema };
        for part in schema.get("allOf").items() {
            self.inherit(part, (depth, 0), into);
        }
        self.own(schema, depth, into);
        let objects: Vec<_> = alternatives(schema).filter(|one| !one.get("properties").is_null()).collect();
        let step = usize::from(objects.len() > 1);
        for one in &objects {
            if step > 0 {
                into.push(Field { name: "either".to_owned(), depth, is_required: false, schema: &ONE_OF });
            }
            self.own(one, depth + step, into);
        }
    }

    /// The fields that come with `allOf`.
    fn inherit(self, part: &'a Node, (depth, steps): (usize, usize), into: &mut Vec<Field<'a>>) {
        if steps > DEEPEST {
            return;
        }
        let part = part.resolved(self.document);
        for deeper in part.get("allOf").items() {
            self.inherit(deeper, (depth, steps + 1), into);
        }
        self.own(part, depth, into);
    }

    /// The fields that stand in the schema itself.
    fn own(self, schema: &'a Node, depth: usize, into: &mut Vec<Field<'a>>) {
        let required = schema.get("required").items();
        for (name, field) in schema.get("properties").members() {
            let is_required = required.iter().any(|one| one.text() == name);
            // A later mention of the same field says more of it.
            into.retain(|known| (known.depth, known.name.as_str()) != (0, name) || depth > 0);
            into.push(Field { name: name.clone(), depth, is_required, schema: field });
            if name_of(field).is_none() {
                self.collect_below(field, depth + 1, into);
            }
        }
        let any = schema.get("additionalProperties");
        if !any.members().is_empty() {
            into.push(Field { name: "any name".to_owned(), depth, is_required: false, schema: any });
            self.collect_below(any, depth + 1, into);
        }
    }

    fn collect_below(self, field: &'a Node, depth: usize, into: &mut Vec<Field<'a>>) {
        let items = field.get("items");
        let inner = if items.is_null() { field } else { items };
        if name_of(inner).is_none() {
            self.collect(inner, depth, into);
        }
    }
}

/// Stands for the fields below it in a table.
static ONE_OF: Node = Node::Map(Vec::new());

/// Between what a number, a length or a count lies.
fn range(least: &Node, most: &Node, unit: &str) -> Option<String> {
    let (lower, upper) = (code(&word(least)), code(&word(most)));
    match (least.is_null(), most.is_null()) {
        (true, true) => None,
        (false, true) => Some(format!("at least {lower}{unit}")),
        (true, false) => Some(format!("at most {upper}{unit}")),
        (false, false) => Some(format!("{lower} to {upper}{unit}")),
    }
}

/// The schemas of which one must fit.
fn alternatives(schema: &Node) -> impl Iterator<Item = &Node> {
    schema.get("oneOf").items().iter().chain(schema.get("anyOf").items())
}

/// The name of a schema that is a reference to a component.
fn name_of(schema: &Node) -> Option<&str> {
    schema.get("$ref").text().strip_prefix("#/components/schemas/")
}

/// A value as a reader writes it: a text bare, everything else as JSON.
fn word(value: &Node) -> String {
    if let Node::Text(text) = value { text.clone() } else { value.json() }
}

#[cfg(test)]
mod tests {
    use super::{Node, Schemas};

    #[test]
    fn schemas_that_contain_themselves_have_an_end() {
        let document: Node = serde_saphyr::from_str(
            "components:
               schemas:
                 Tree: {properties: {leaf: {type: string, maxLength: 3}, branches: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}
                 Ring: {allOf: [{$ref: '#/components/schemas/Ring'}], properties: {stone: {type: string}}}",
        )
        .expect("YAML");
        let schemas = Schemas { document: &document };
        let tree = schemas.describe("Tree", document.at("#/components/schemas/Tree"));
        assert!(tree.contains("array of <a href=\"#schema-Tree\">Tree</a>"), "{tree}");
        assert!(tree.contains("at most <code>3</code> characters"), "{tree}");
        assert!(schemas.describe("Ring", document.at("#/components/schemas/Ring")).contains("stone"));
    }
}
