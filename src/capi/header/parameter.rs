//! What the boundary declares parameters with, printed as what C callers pass.

use std::fs;

/// A type that the boundary declares parameters and fields with: transparent, one pointer or number and a promise. The
/// header shows what is inside.
pub struct Parameter {
    name: String,
    generic: Option<String>,
    inside: String,
}

impl Parameter {
    /// All those that `handle.rs` and `pointers.rs` declare, each in one line: `pub struct Out<T>(*mut T);`.
    pub fn all() -> Vec<Self> {
        let sources = ["handle", "pointers"].map(|name| format!("src/capi/{name}.rs"));
        let sources = sources.map(|path| fs::read_to_string(path).expect("a module of the boundary"));
        let declarations = sources.iter().flat_map(|source| source.split("#[repr(transparent)]\npub struct ").skip(1));
        declarations.map(|text| Self::declared(text).expect("a declaration in one line")).collect()
    }

    fn declared(text: &str) -> Option<Self> {
        let (head, inside) = text.lines().next()?.strip_suffix(");")?.split_once('(')?;
        let (name, generic) = match head.split_once('<') {
            Some((name, generic)) => (name, Some(generic.strip_suffix('>')?.to_owned())),
            None => (head, None),
        };
        Some(Self { name: name.to_owned(), generic, inside: inside.to_owned() })
    }

    /// The source with what is inside wherever a parameter or a field is of this type.
    pub fn unwrapped(source: String, parameter: &Self) -> String {
        let Self { name, generic, inside } = parameter;
        let Some(generic) = generic else {
            let shown = |source: String, end| source.replace(&format!(": {name}{end}"), &format!(": {inside}{end}"));
            return [',', ')'].into_iter().fold(source, shown);
        };
        // Only the last word of what is inside can be the argument: `P`, `*mut T`.
        let pointer = inside.strip_suffix(generic.as_str()).expect("the argument, or a pointer to it");
        let uses = format!(": {name}<");
        let mut pieces = source.split(&uses);
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |before, piece| {
            let (argument, rest) = piece.split_once('>').expect("an argument ends");
            format!("{before}: {pointer}{argument}{rest}")
        })
    }
}
