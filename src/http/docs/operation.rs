//! An operation as a section of the page.

use super::html::{block, code, line, prose, table};
use super::node::Node;
use super::schema::Schemas;
use crate::http::escape::escaped;

/// An operation with what its path gives it.
pub(super) struct Operation<'a> {
    pub method: String,
    pub path: &'a str,
    pub node: &'a Node,
    /// With those of its path.
    pub parameters: Vec<&'a Node>,
}

impl<'a> Operation<'a> {
    /// Every operation of the document, in its order.
    pub fn all(document: &'a Node) -> Vec<Self> {
        let mut found = Vec::new();
        for (path, item) in document.get("paths").members() {
            for (method, node) in item.members().iter().filter(|(name, _)| name != "parameters") {
                let parameters = [item, node].into_iter().flat_map(|from| from.get("parameters").items());
                let parameters = parameters.map(|parameter| parameter.resolved(document)).collect();
                found.push(Self { method: method.to_uppercase(), path, node, parameters });
            }
        }
        found
    }

    /// Whether it stands under this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.node.get("tags").items().iter().any(|one| one.text() == tag)
    }

    /// Where it stands on the page.
    pub fn anchor(&self) -> String {
        format!("op-{}", escaped(self.node.get("operationId").text()))
    }

    /// Its method as a badge.
    pub fn badge(&self) -> String {
        format!("<span class=\"method {}\">{}</span>", escaped(&self.method.to_lowercase()), escaped(&self.method))
    }

    /// The section.
    pub fn render(&self, schemas: Schemas<'_>) -> String {
        let (anchor, badge, node) = (self.anchor(), self.badge(), self.node);
        let summary = escaped(node.get("summary").text());
        let path = escaped(self.path).replace('/', "/<wbr>");
        let mut out = format!(
            "<section class=\"operation\" aria-labelledby=\"{anchor}\">\n\
             <h3 id=\"{anchor}\"><a href=\"#{anchor}\">{summary}</a></h3>\n\
             <p class=\"route\">{badge} <code>{path}</code></p>\n"
        );
        out += &format!("<p class=\"access\"><b>Who may call:</b> {}</p>\n", access(node.get("x-scope").text()));
        out += &prose(node.get("description").text());
        out += &self.parameters(schemas);
        let body = node.get("requestBody");
        if let Some((kind, content)) = body.get("content").members().first() {
            let need = if *body.get("required") == Node::Bool(true) { "required" } else { "may be left out" };
            let schema = content.get("schema");
            let named = schemas.kind(schema);
            let named = if named.starts_with("<a") { format!(", {named}") } else { String::new() };
            out += &format!("<h4>Request body</h4>\n<p>{}{named}, {need}.</p>\n", code(kind));
            out += &schemas.describe(&format!("the body of {summary}"), schema);
        }
        out += "<h4>Example request</h4>\n";
        out += &block(&format!("Example request: {summary}"), &self.curl(schemas.document));
        out += &self.responses(schemas);
        out + "</section>\n"
    }

    fn parameters(&self, schemas: Schemas<'_>) -> String {
        let rows: String = self.parameters.iter().map(|one| parameter(schemas, one)).collect();
        if rows.is_empty() {
            return String::new();
        }
        let name = format!("Parameters of {}", self.node.get("summary").text());
        "<h4>Parameters</h4>\n".to_owned() + &table(&name, &["Name", "In", "Kind", "Meaning and limits"], &rows)
    }

    fn responses(&self, schemas: Schemas<'_>) -> String {
        let (mut rows, mut examples) = (String::new(), String::new());
        for (status, given) in self.node.get("responses").members() {
            let response = given.resolved(schemas.document);
            let headers = response.get("headers").members().iter();
            let headers: Vec<_> = headers.map(|(name, _)| header_link(name)).collect();
            let mut body = "none".to_owned();
            if let Some((kind, content)) = response.get("content").members().first() {
                body = format!(
                    "{}<br><span class=\"limits\">{}</span>",
                    schemas.kind(content.get("schema")),
                    escaped(kind)
                );
                if given.get("$ref").is_null() {
                    examples += &example((status, self.node.get("summary").text()), content, schemas);
                }
            }
            let mut meaning = line(response.get("description").text());
            if let Some(name) = given.get("$ref").text().strip_prefix("#/components/responses/") {
                meaning +=
                    &format!(" <a href=\"#response-{0}\" aria-label=\"Example of {0}\">Example</a>", escaped(name));
            }
            let (status, headers) = (code(status), headers.join(", "));
            rows += &format!(
                "<tr><th scope=\"row\">{status}</th><td>{meaning}</td><td>{headers}</td><td>{body}</td></tr>\n"
            );
        }
        let name = format!("Responses of {}", self.node.get("summary").text());
        let table = table(&name, &["Status", "Meaning", "Headers", "Body"], &rows);
        format!("<h4>Responses</h4>\n{table}{examples}")
    }

    /// A line for a shell with the service's address in `$MODERATO` and a key in `$KEY`.
    fn curl(&self, document: &Node) -> String {
        let mut path = self.path.to_owned();
        for parameter in self.parameters.iter().filter(|one| one.get("in").text() == "path") {
            let shown = first_example(parameter);
            if !shown.is_empty() {
                path = path.replace(&format!("{{{}}}", parameter.get("name").text()), shown);
            }
        }
        let method = if self.method == "GET" { String::new() } else { format!("-X {} ", self.method) };
        let mut lines = vec![format!("curl -sS {method}\"$MODERATO{path}\"")];
        if self.node.get("x-scope").text() != "public" {
            lines.push("-H \"Authorization: Bearer $KEY\"".to_owned());
        }
        let body = self.node.get("requestBody").resolved(document).get("content");
        if let Some((kind, content)) = body.members().first() {
            lines.push(format!("-H 'Content-Type: {kind}'"));
            lines.push(format!("-d '{}'", content.get("example").pretty().replace('\'', r"'\''")));
        }
        lines.join(" \\\n  ")
    }
}

/// Who may call, in words, from what the document says in `x-scope`.
fn access(words: &str) -> String {
    let (kind, scopes) = words.split_once(' ').unwrap_or((words, ""));
    let scopes: Vec<_> = scopes.split('|').map(code).collect();
    let scopes = scopes.join(" or ");
    match kind {
        "public" => "everybody, without a key".to_owned(),
        "key" => format!("a key of any site with the scope {scopes}"),
        "operator" => format!("an operator’s key with the scope {scopes}"),
        "site" => format!("a key of this site with the scope {scopes}, or the operator’s"),
        other => escaped(other),
    }
}

fn parameter(schemas: Schemas<'_>, one: &Node) -> String {
    let schema = one.get("schema");
    let required =
        if *one.get("required") == Node::Bool(true) { " <span class=\"required\">required</span>" } else { "" };
    let mut limits = schemas.limits(schema);
    let values = schemas.values(schema);
    if !values.is_empty() {
        limits.insert(0, values);
    }
    let shown = first_example(one);
    if !shown.is_empty() {
        limits.push(format!("for example {}", code(shown)));
    }
    let (name, place, kind) = (code(one.get("name").text()), escaped(one.get("in").text()), schemas.kind(schema));
    let (words, limits) = (line(one.get("description").text()), limits.join("; "));
    format!(
        "<tr><th scope=\"row\">{name}{required}</th><td>{place}</td><td>{kind}</td>\
         <td>{words} <span class=\"limits\">{limits}</span></td></tr>\n"
    )
}

/// The example of a body, folded away.
pub(super) fn example((status, of): (&str, &str), content: &Node, schemas: Schemas<'_>) -> String {
    let shown = content.get("example").resolved(schemas.document);
    if shown.is_null() {
        return String::new();
    }
    let text = block(&format!("Example of {status}: {of}"), &shown.pretty());
    format!("<details><summary>Example of {}</summary>\n{text}</details>\n", escaped(status))
}

/// A header's name, as a link to where it is described.
pub(super) fn header_link(name: &str) -> String {
    format!("<a href=\"#header-{0}\"><code>{0}</code></a>", escaped(name))
}

fn first_example(parameter: &Node) -> &str {
    let several = parameter.get("examples").members().first().map_or("", |(_, one)| one.get("value").text());
    if several.is_empty() { parameter.get("example").text() } else { several }
}
