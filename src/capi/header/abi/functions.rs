//! The header's functions: signatures, and what is said of each parameter and result.

use super::declarations::{Declaration, Item, Named, Signature};
use super::json::Json;
use super::wording::{Doc, Ownership, allows_null, receives};

/// What ends things besides the header's own functions.
const C_LIBRARY: [&str; 2] = ["free", "fclose"];

/// Names that give the declarations of functions their meaning.
pub struct Known {
    pub handles: Vec<String>,
    pub callbacks: Vec<String>,
    /// Without `BYTESIO_`.
    statuses: Vec<String>,
    functions: Vec<String>,
    /// Structs that begin with their size as the caller was compiled.
    sized: Vec<String>,
}

impl Known {
    pub fn of(declared: &[Declaration]) -> Self {
        let collect = |name: &dyn Fn(&Item) -> Option<String>| declared.iter().filter_map(|d| name(&d.item)).collect();
        Self {
            handles: collect(&|item| {
                let Item::Statement { text, .. } = item else { return None };
                let (tag, name) = text.strip_prefix("typedef struct ")?.split_once(' ')?;
                (tag == name).then(|| name.to_owned())
            }),
            callbacks: collect(&|item| {
                let Item::Statement { text, .. } = item else { return None };
                Signature::callback(text).map(|signature| signature.name)
            }),
            statuses: collect(&|item| {
                let Item::Define { name, value } = item else { return None };
                value.starts_with("(-").then(|| name.strip_prefix("BYTESIO_").map(str::to_owned))?
            }),
            functions: collect(&|item| function(item).map(|(signature, _)| signature.name)),
            sized: collect(&|item| {
                let Item::Struct { name, fields } = item else { return None };
                let Item::Statement { text, .. } = &fields.first()?.item else { return None };
                (text == "size_t struct_size").then(|| name.clone())
            }),
        }
    }

    fn is_handle(&self, ctype: &str) -> bool {
        self.handles.iter().any(|handle| handle == bare(ctype))
    }

    /// Which of the sizes right behind a parameter gives the length of its memory, if it is memory: one that is called
    /// capacity, or else the first.
    fn length<'a>(&self, parameter: &Named, rest: &'a [Named]) -> Option<&'a Named> {
        parameter.pointee().filter(|pointee| !pointee.ends_with('*') && !self.is_handle(pointee))?;
        let mut sizes = rest.iter().take_while(|next| next.ctype == "size_t");
        sizes.clone().find(|size| size.name == "capacity").or_else(|| sizes.next())
    }

    /// Whether a type needs somebody who answers for it.
    fn is_reference(&self, parameter: &Named) -> bool {
        parameter.is_pointer() || self.callbacks.contains(&parameter.ctype) || parameter.ctype == "va_list"
    }

    fn check(&self, ownership: Option<Ownership>) -> Result<Option<Ownership>, String> {
        match ownership.as_ref().and_then(|ownership| ownership.ended_by.as_deref()) {
            Some(end) if !C_LIBRARY.contains(&end) && !self.functions.iter().any(|name| name == end) => {
                Err(format!("names {end}(), which is no function"))
            }
            _ => Ok(ownership),
        }
    }
}

/// A type without its `const` and `struct`.
fn bare(ctype: &str) -> &str {
    let ctype = ctype.strip_prefix("const ").unwrap_or(ctype);
    ctype.strip_prefix("struct ").unwrap_or(ctype)
}

fn function(item: &Item) -> Option<(Signature, bool)> {
    let Item::Statement { text, inline } = item else { return None };
    if text.starts_with("typedef ") { None } else { Signature::function(text).map(|signature| (signature, *inline)) }
}

struct Function {
    signature: Signature,
    json: Json,
    /// Parameters whose references the caller gives up.
    consumed: Vec<String>,
}

pub struct Functions(Vec<Function>);

impl Functions {
    pub fn read(declared: &[Declaration], known: &Known, faults: &mut Vec<String>) -> Self {
        let mut functions = Vec::new();
        for declaration in declared {
            let Some((signature, inline)) = function(&declaration.item) else { continue };
            let doc = Doc::new(&declaration.doc, &signature.parameters);
            let mut said = Said { known, doc: &doc, signature: &signature, faults: Vec::new() };
            let (json, consumed) = said.json(inline);
            faults.extend(said.faults.iter().map(|fault| format!("{} {fault}", signature.name)));
            functions.push(Function { signature, json, consumed });
        }
        Self(functions)
    }

    /// The function that takes a reference to a handle, and does nothing else.
    pub fn that_ends(&self, handle: &str) -> Option<&str> {
        let ends = |function: &&Function| match function.signature.parameters.as_slice() {
            [only] => function.consumed.contains(&only.name) && only.pointee().map(bare) == Some(handle),
            _ => false,
        };
        self.0.iter().find(ends).map(|function| function.signature.name.as_str())
    }

    pub fn json(self) -> Json {
        Json::List(self.0.into_iter().map(|function| function.json).collect())
    }
}

/// Names and types alone, of which callbacks have no more.
pub fn parameter_types(signature: &Signature) -> Vec<Json> {
    let typed = |p: &Named| Json::Object(vec![("name", Json::text(&p.name)), ("type", Json::text(&p.ctype))]);
    signature.parameters.iter().map(typed).collect()
}

/// One function's comment, held against its signature.
struct Said<'a> {
    known: &'a Known,
    doc: &'a Doc,
    signature: &'a Signature,
    faults: Vec<String>,
}

impl Said<'_> {
    fn json(&mut self, inline: bool) -> (Json, Vec<String>) {
        let (signature, doc) = (self.signature, self.doc);
        let mut consumed = Vec::new();
        let mut parameters = Vec::new();
        for (i, parameter) in signature.parameters.iter().enumerate() {
            let (json, ownership) = self.parameter(parameter, &signature.parameters[i + 1..]);
            parameters.push(json);
            consumed.extend((ownership == "consumed").then(|| parameter.name.clone()));
        }
        let result = self.result();
        let statuses = match signature.result.as_str() {
            "bio_status" => doc.statuses(&self.known.statuses),
            _ => Ok(Vec::new()),
        };
        let statuses = self.or_fault(statuses).into_iter().map(Json::text).collect();
        let calls_back = self.or_fault(doc.calls_back()).into_iter().map(Json::text).collect();
        let threads = self.or_fault(doc.said("Threads").ok_or_else(|| "has no \"Threads:\"".to_owned()));
        let since = self.or_fault(doc.since());
        let json = Json::Object(vec![
            ("name", Json::text(&signature.name)),
            ("linkage", Json::text(if inline { "inline" } else { "exported" })),
            ("result", result),
            ("parameters", Json::List(parameters)),
            ("variadic", Json::Bool(signature.variadic)),
            ("must_use", Json::Bool(signature.nodiscard)),
            ("statuses", Json::List(statuses)),
            ("calls_back", Json::List(calls_back)),
            ("threads", Json::text(threads.trim_end_matches('.'))),
            ("since", Json::text(since)),
            ("text", Json::text(&doc.text)),
        ]);
        (json, consumed)
    }

    fn or_fault<T: Default>(&mut self, result: Result<T, String>) -> T {
        result.unwrap_or_else(|fault| {
            self.faults.push(fault);
            T::default()
        })
    }

    /// A parameter's data, and its word for ownership.
    fn parameter(&mut self, parameter: &Named, rest: &[Named]) -> (Json, &'static str) {
        let said = self.doc.said(&parameter.name).unwrap_or_default();
        let words = Ownership::said(said).and_then(|words| self.known.check(words));
        let words = words.and_then(|words| self.passed(parameter, said, words));
        let ownership = words.unwrap_or_else(|fault| {
            self.faults.push(format!("{}: {fault}", parameter.name));
            Ownership::plain("value")
        });
        let mut parts = vec![
            ("name", Json::text(&parameter.name)),
            ("type", Json::text(&parameter.ctype)),
            ("direction", Json::text(self.direction(parameter, said))),
        ];
        let word = ownership.word;
        parts.extend(owned(ownership));
        if self.known.is_reference(parameter) {
            let buffer = self.known.length(parameter, rest).filter(|_| !said.starts_with("receives"));
            parts.push(("null", Json::text(self.null(parameter, said, buffer.is_some()))));
            parts.extend(buffer.map(|len| ("length", Json::text(&len.name))));
        }
        parts.extend((!said.is_empty()).then(|| ("text", Json::text(said))));
        (Json::Object(parts), word)
    }

    /// Who owns what is passed: said in so many words, unless there is nothing to own.
    fn passed(&self, parameter: &Named, said: &str, words: Option<Ownership>) -> Result<Ownership, String> {
        let reference = match receives(said) {
            true => parameter.pointee().is_some_and(|pointee| pointee.ends_with('*')),
            false => self.known.is_reference(parameter),
        };
        match words {
            Some(words) => Ok(words),
            None if reference => Err(format!("no word says who owns it in {said:?}")),
            None => Ok(Ownership::plain("value")),
        }
    }

    fn direction(&self, parameter: &Named, said: &str) -> &'static str {
        let sized =
            parameter.pointee().is_some_and(|pointee| self.known.sized.iter().any(|name| name == bare(pointee)));
        match (receives(said), sized) {
            (false, _) => "in",
            (true, false) => "out",
            (true, true) => "inout",
        }
    }

    fn null(&self, parameter: &Named, said: &str, buffer: bool) -> &'static str {
        let answers_for_null = || {
            let first = self.signature.parameters.first().is_some_and(|first| first.name == parameter.name);
            first && self.doc.said("Returns").is_some_and(|said| said.contains("for NULL"))
        };
        match buffer {
            true => "if_empty",
            false if allows_null(said) || answers_for_null() => "allowed",
            false => "refused",
        }
    }

    fn result(&mut self) -> Json {
        let ctype = &self.signature.result;
        let said = self.doc.said("Returns");
        let mut parts = vec![("type", Json::text(ctype))];
        if ctype != "void" && ctype != "bio_status" && said.is_none() {
            self.faults.push("has no \"Returns:\"".to_owned());
        }
        let words = Ownership::said(said.unwrap_or_default()).and_then(|words| self.known.check(words));
        let words = self.or_fault(words);
        if ctype.ends_with('*') {
            if words.is_none() {
                self.faults.push("\"Returns:\" does not say who owns it".to_owned());
            }
            parts.extend(words.map(owned).into_iter().flatten());
            parts.push(("may_be_null", Json::Bool(said.is_some_and(allows_null))));
        } else if ctype != "void" {
            parts.extend(owned(Ownership::plain("value")));
        }
        parts.extend(said.map(|said| ("text", Json::text(said))));
        Json::Object(parts)
    }
}

fn owned(ownership: Ownership) -> impl Iterator<Item = (&'static str, Json)> {
    let Ownership { word, ended_by, lasts } = ownership;
    let more = [("ended_by", ended_by), ("lasts", lasts)];
    let more = more.into_iter().filter_map(|(name, text)| Some((name, Json::text(text?))));
    std::iter::once(("ownership", Json::text(word))).chain(more)
}
