//! The page as a whole: its frame, its contents, and what all operations share.

use super::html::{code, line, prose, table};
use super::node::Node;
use super::operation::{Operation, example, header_link};
use super::schema::Schemas;
use crate::http::escape::escaped;

/// The page with this style.
pub(super) fn render(document: &Node, style: &str) -> String {
    let (info, schemas, operations) = (document.get("info"), Schemas { document }, Operation::all(document));
    let (title, version) = (escaped(info.get("title").text()), escaped(info.get("version").text()));
    let summary = escaped(info.get("summary").text());
    let contents = contents(document, &operations);
    let mut main = format!(
        "<section aria-labelledby=\"introduction\">\n<h2 id=\"introduction\">Introduction</h2>\n{}</section>\n",
        prose(info.get("description").text())
    );
    main += &authentication(document);
    for tag in document.get("tags").items() {
        main += &tag_section(tag, &operations, schemas);
    }
    main += &problems(document);
    main += &shared(schemas);
    main += &schema_sections(schemas);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} {version}: REST interface</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header>\n<h1>{title} <span class=\"version\">{version}</span></h1>\n<p>{summary} \
         This page is made from <a href=\"/openapi.yaml\">openapi.yaml</a>.</p>\n</header>\n\
         <div class=\"columns\">\n<nav aria-label=\"Contents\">\n{contents}</nav>\n\
         <main id=\"main\" tabindex=\"-1\">\n{main}</main>\n</div>\n</body>\n</html>\n"
    )
}

fn contents(document: &Node, operations: &[Operation<'_>]) -> String {
    let mut out = "<ul>\n<li><a href=\"#introduction\">Introduction</a></li>\n\
                   <li><a href=\"#authentication\">Authentication</a></li>\n</ul>\n"
        .to_owned();
    for tag in document.get("tags").items() {
        let name = tag.get("name").text();
        out += &format!("<h2><a href=\"#tag-{0}\">{0}</a></h2>\n<ul>\n", escaped(name));
        for one in operations.iter().filter(|one| one.has_tag(name)) {
            let (anchor, badge, words) = (one.anchor(), one.badge(), escaped(one.node.get("summary").text()));
            out += &format!("<li><a href=\"#{anchor}\">{badge} {words}</a></li>\n");
        }
        out += "</ul>\n";
    }
    out += "<h2>reference</h2>\n<ul>\n<li><a href=\"#problems\">Problem types</a></li>\n\
            <li><a href=\"#headers\">Headers of answers</a></li>\n\
            <li><a href=\"#responses\">Answers that many share</a></li>\n\
            <li><a href=\"#schemas\">Schemas</a></li>\n</ul>\n<details><summary>All schemas</summary>\n<ul>\n";
    for (name, _) in document.at("#/components/schemas").members() {
        out += &format!("<li><a href=\"#schema-{0}\">{0}</a></li>\n", escaped(name));
    }
    out + "</ul>\n</details>\n"
}

fn authentication(document: &Node) -> String {
    let mut out = "<section aria-labelledby=\"authentication\">\n<h2 id=\"authentication\">Authentication</h2>\n\
                   <p>Send <code>Authorization: Bearer &lt;key&gt;</code> with every request that is not for everybody. \
                   The examples take the service’s address from <code>$MODERATO</code> and the key from \
                   <code>$KEY</code>.</p>\n"
        .to_owned();
    for (_, scheme) in document.at("#/components/securitySchemes").members() {
        out += &format!("<p>The key: {}</p>\n", line(scheme.get("description").text()));
    }
    out + "</section>\n"
}

fn tag_section(tag: &Node, operations: &[Operation<'_>], schemas: Schemas<'_>) -> String {
    let (name, words) = (tag.get("name").text(), line(tag.get("description").text()));
    let mut out = format!(
        "<section aria-labelledby=\"tag-{0}\">\n<h2 id=\"tag-{0}\" class=\"tag\">{0}</h2>\n<p>{words}</p>\n",
        escaped(name)
    );
    for one in operations.iter().filter(|one| one.has_tag(name)) {
        out += &one.render(schemas);
    }
    out + "</section>\n"
}

fn problems(document: &Node) -> String {
    let kinds = document.at("#/components/schemas/Problem/properties/type");
    let mut rows = String::new();
    for kind in kinds.get("enum").items() {
        let name = kind.text().rsplit(':').next().unwrap_or_default();
        let about = kinds.get("x-problems").get(name);
        let (status, title) = (code(&about.get("status").json()), escaped(about.get("title").text()));
        let kind = escaped(kind.text()).replace(":", ":<wbr>");
        rows += &format!(
            "<tr id=\"problem-{0}\"><th scope=\"row\"><code>{kind}</code></th><td>{status}</td><td>{title}</td></tr>\n",
            escaped(name)
        );
    }
    format!(
        "<section aria-labelledby=\"problems\">\n<h2 id=\"problems\">Problem types</h2>\n\
         <p>A refusal is a <a href=\"#schema-Problem\">Problem</a>; its <code>type</code> is one of these.</p>\n{}</section>\n",
        table("Problem types", &["Type", "Status", "Title"], &rows)
    )
}

/// Headers and answers that many operations have in common.
fn shared(schemas: Schemas<'_>) -> String {
    let mut rows = String::new();
    for (name, header) in schemas.document.at("#/components/headers").members() {
        let (words, limits) = (line(header.get("description").text()), schemas.limits(header.get("schema")).join("; "));
        rows += &format!(
            "<tr id=\"header-{0}\"><th scope=\"row\"><code>{0}</code></th><td>{words}</td>\
             <td><span class=\"limits\">{limits}</span></td></tr>\n",
            escaped(name)
        );
    }
    let headers = table("Headers of answers", &["Header", "Meaning", "Limits"], &rows);
    let mut out = format!(
        "<section aria-labelledby=\"headers\">\n<h2 id=\"headers\">Headers of answers</h2>\n{headers}</section>\n\
         <section aria-labelledby=\"responses\">\n<h2 id=\"responses\">Answers that many share</h2>\n"
    );
    for (name, response) in schemas.document.at("#/components/responses").members() {
        let words = line(response.get("description").text());
        let headers: Vec<_> = response.get("headers").members().iter().map(|(name, _)| header_link(name)).collect();
        let headers = headers.join(", ");
        out += &format!(
            "<h3 id=\"response-{0}\"><a href=\"#response-{0}\">{0}</a></h3>\n<p>{words}</p>\n<p>Headers: {headers}</p>\n",
            escaped(name)
        );
        for (_, content) in response.get("content").members() {
            out += &example((name, "an answer that many share"), content, schemas);
        }
    }
    out + "</section>\n"
}

fn schema_sections(schemas: Schemas<'_>) -> String {
    let mut out = "<section aria-labelledby=\"schemas\">\n<h2 id=\"schemas\">Schemas</h2>\n".to_owned();
    for (name, schema) in schemas.document.at("#/components/schemas").members() {
        out += &format!("<h3 id=\"schema-{0}\"><a href=\"#schema-{0}\">{0}</a></h3>\n", escaped(name));
        out += &prose(schema.get("description").text());
        out += &schemas.describe(name, schema);
    }
    out + "</section>\n"
}
