//! The ABI as data: what the printed header declares, and what its comments say of it, as JSON.
//!
//! Part of the build script, and of the tests; not of the library. What the comments leave open, or say in words that
//! are none of the header's, is a fault, so that a new function cannot go without.

mod declarations;
mod functions;
mod json;
mod layout;
mod wording;

use declarations::{Declaration, Item, Named, Signature, declarations};
use functions::{Functions, Known, parameter_types};
use json::Json;
use layout::Layout;
use wording::{Doc, Vocabulary};

/// The form of the data; goes up when a reader has to be changed.
const FORMAT: i64 = 1;

/// The data; or every fault, as one sentence each. `sources` are the modules that the header was printed from.
pub fn json(header: &str, sources: &[String], version: &str) -> Result<String, Vec<String>> {
    let declared = declarations(header);
    let known = Known::of(&declared);
    let mut faults = Vec::new();
    let functions = Functions::read(&declared, &known, &mut faults);
    let mut list = |read: &dyn Fn(&Declaration) -> Option<Result<Json, String>>| {
        let results = declared.iter().filter_map(read);
        Json::List(results.filter_map(|result| result.map_err(|fault| faults.push(fault)).ok()).collect())
    };
    let parts = vec![
        ("format", Json::Number(FORMAT)),
        ("library", Json::text("bytesio")),
        ("version", Json::text(version)),
        ("pointer_width", Json::Number(layout::POINTER_WIDTH as i64)),
        ("vocabulary", vocabularies()),
        ("handles", list(&|d| handle(d, &known, &functions))),
        ("aliases", list(&|d| alias(d, &known))),
        ("callbacks", list(&callback)),
        ("structs", list(&|d| structure(d, &known))),
        ("constants", list(&|d| constant(d, sources))),
        ("functions", functions.json()),
    ];
    if faults.is_empty() { Ok(Json::Object(parts).document()) } else { Err(faults) }
}

fn vocabularies() -> Json {
    let explained = |words: &Vocabulary| Json::Object(words.iter().map(|(w, m)| (*w, Json::text(*m))).collect());
    Json::Object(vec![
        ("ownership", explained(wording::OWNERSHIP)),
        ("null", explained(wording::NULL)),
        ("calls_back", explained(wording::CALLS_BACK)),
        ("direction", explained(wording::DIRECTION)),
        ("linkage", explained(wording::LINKAGE)),
        ("statuses", Json::text(wording::STATUSES)),
    ])
}

/// The parts of something with a name, a comment and a first version, in front of and behind what is its own.
fn described(name: &str, own: Vec<(&'static str, Json)>, doc: &Doc) -> Result<Json, String> {
    let since = doc.since().map_err(|fault| format!("{name} {fault}"))?;
    let mut parts = vec![("name", Json::text(name))];
    parts.extend(own);
    parts.extend([("since", Json::text(since)), ("text", Json::text(&doc.text))]);
    Ok(Json::Object(parts))
}

/// `typedef struct bio_view bio_view;`
fn handle(d: &Declaration, known: &Known, functions: &Functions) -> Option<Result<Json, String>> {
    let Item::Statement { text, .. } = &d.item else { return None };
    let name = known.handles.iter().find(|name| *text == format!("typedef struct {name} {name}"))?;
    let Some(end) = functions.that_ends(name) else { return Some(Err(format!("no function consumes a {name}"))) };
    Some(described(name, vec![("ended_by", Json::text(end))], &Doc::new(&d.doc, &[])))
}

/// `typedef int32_t bio_status;`
fn alias(d: &Declaration, known: &Known) -> Option<Result<Json, String>> {
    let Item::Statement { text, .. } = &d.item else { return None };
    let named = Named::read(text.strip_prefix("typedef ")?)?;
    let other = named.ctype.contains('(') || known.handles.contains(&named.name);
    let own = vec![("type", Json::text(&named.ctype))];
    (!other).then(|| described(&named.name, own, &Doc::new(&d.doc, &[])))
}

fn callback(d: &Declaration) -> Option<Result<Json, String>> {
    let Item::Statement { text, .. } = &d.item else { return None };
    let signature = Signature::callback(text)?;
    let own = vec![("result", Json::text(&signature.result)), ("parameters", Json::List(parameter_types(&signature)))];
    Some(described(&signature.name, own, &Doc::new(&d.doc, &signature.parameters)))
}

fn structure(d: &Declaration, known: &Known) -> Option<Result<Json, String>> {
    let Item::Struct { name, fields } = &d.item else { return None };
    let named = |field: &Declaration| match &field.item {
        Item::Statement { text, .. } => Named::read(text),
        _ => None,
    };
    let layout = fields.iter().map(named).collect::<Option<Vec<_>>>().ok_or("has a field that is not understood");
    let layout = layout.map_err(str::to_owned).and_then(|named| Ok((Layout::of(&named, &known.callbacks)?, named)));
    let (layout, named) = match layout {
        Ok(found) => found,
        Err(fault) => return Some(Err(format!("{name} {fault}"))),
    };
    let field = |((field, (offset, size)), d): ((&Named, &(usize, usize)), &Declaration)| {
        Json::Object(vec![
            ("name", Json::text(&field.name)),
            ("type", Json::text(&field.ctype)),
            ("offset", Json::Number(*offset as i64)),
            ("size", Json::Number(*size as i64)),
            ("text", Json::text(Doc::new(&d.doc, &[]).text)),
        ])
    };
    let own = vec![
        ("size", Json::Number(layout.size as i64)),
        ("align", Json::Number(layout.align as i64)),
        ("fields", Json::List(named.iter().zip(&layout.fields).zip(fields).map(field).collect())),
    ];
    Some(described(name, own, &Doc::new(&d.doc, &[])))
}

/// A macro that stands for a number. One that is explained has to be dated too.
fn constant(d: &Declaration, sources: &[String]) -> Option<Result<Json, String>> {
    let Item::Define { name, value } = &d.item else { return None };
    let number = value.trim_start_matches('(').trim_end_matches(')').parse::<i64>();
    let (ctype, value) = match (number, value.as_str()) {
        _ if d.doc.is_empty() => return None,
        (Ok(number), _) => (rust_type(name, sources)?, Json::Number(number)),
        (Err(_), "UINT64_MAX") => ("uint64_t", Json::text(value)),
        (Err(_), "SIZE_MAX") => ("size_t", Json::text(value)),
        _ => return None,
    };
    Some(described(name, vec![("type", Json::text(ctype)), ("value", value)], &Doc::new(&d.doc, &[])))
}

/// The type that the sources give a constant, as C calls it.
fn rust_type(name: &str, sources: &[String]) -> Option<&'static str> {
    let start = format!("pub const {name}: ");
    let line = sources.iter().flat_map(|source| source.lines()).find_map(|line| line.strip_prefix(&start))?;
    match line.split(' ').next()? {
        "i32" => Some("int32_t"),
        "u32" => Some("uint32_t"),
        "u64" => Some("uint64_t"),
        "usize" => Some("size_t"),
        _ => None,
    }
}
