//! "Each layer uses only those below it": read off the sources themselves.
//!
//! What counts are the paths in a file's code, `crate::...` and `super::...`; comments, strings and tests do not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The modules at the crate's root, from the lowest layer up. Each may use those before it. A module that is missing
/// here is an error, so that a new one gets its place.
const LAYERS: [&[&str]; 8] =
    [&["error"], &["sys"], &["options", "search"], &["storage"], &["snapshot"], &["stream"], &["view"], &["capi"]];

/// Files of one layer that must not use each other both ways.
const APART: [(&str, &str); 1] = [("stream::state", "stream::window")];

/// A file's module path, and the paths that its code uses, both from the crate's root.
struct Module {
    path: Vec<String>,
    uses: BTreeSet<Vec<String>>,
}

impl Module {
    fn new(path: &str, text: &str) -> Self {
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let uses = uses(&path, &code(text));
        Self { path, uses }
    }

    fn is_in(&self, module: &str) -> bool {
        starts(&self.path, module)
    }
}

fn starts(path: &[String], module: &str) -> bool {
    let mut path = path.iter();
    module.split("::").all(|name| path.next().is_some_and(|n| n == name))
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

/// What breaks the order, one sentence each.
fn faults(modules: &[Module]) -> Vec<String> {
    let mut faults = Vec::new();
    for module in modules {
        let from = module.path.join("::");
        let Some(own) = layer(&module.path[0]) else {
            faults.push(format!("{from} has no place in the layers"));
            continue;
        };
        for path in &module.uses {
            let to = path.join("::");
            match path.first().and_then(|name| layer(name)) {
                None => faults.push(format!("{from} uses {to}, which is the root's")),
                Some(other) if other > own => faults.push(format!("{from} uses {to}, which is above it")),
                Some(other) if other == own && path[0] != module.path[0] => {
                    faults.push(format!("{from} uses {to}, which is beside it"));
                }
                Some(_) => {}
            }
        }
    }
    for (a, b) in APART {
        let uses = |from, to| modules.iter().any(|m| m.is_in(from) && m.uses.iter().any(|path| starts(path, to)));
        if uses(a, b) && uses(b, a) {
            faults.push(format!("{a} and {b} use each other"));
        }
    }
    faults
}

/// The text without comments, strings and test modules.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_for_tests(line.trim()) {
            skip_item(&mut lines);
            continue;
        }
        let mut inside = false;
        let shown = line.split_once("//").map_or(line, |(code, _)| code);
        code.extend(shown.chars().filter(|c| {
            inside ^= *c == '"';
            !inside
        }));
        code.push('\n');
    }
    code
}

fn is_for_tests(line: &str) -> bool {
    line.starts_with("#[cfg(test") || line.starts_with("#[cfg(all(test") || line.starts_with("#[test]")
}

/// Passes over what an attribute belongs to: through the brace that closes it, or its semicolon.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>) {
    let mut depth = 0;
    for line in lines {
        let line = line.trim_end();
        depth += line.matches(['{', '(']).count() as i32 - line.matches(['}', ')']).count() as i32;
        if depth == 0 && (line.ends_with(['}', ';', ',']) && !line.trim_start().starts_with("#[")) {
            return;
        }
    }
}

/// Every path in the code that begins at the crate's root or above the module, as one from the root; of each its first
/// two names, which is all that matters here.
fn uses(module: &[String], code: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let tokens = tokens(code);
    // The module around, and at which depth of braces each that is written in this file began.
    let (mut module, mut inner, mut depth) = (module.to_vec(), Vec::new(), 0);
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            "{" => {
                if at > 1 && tokens[at - 2] == "mod" {
                    module.push(tokens[at - 1].to_owned());
                    inner.push(depth);
                }
                depth += 1;
            }
            "}" => {
                depth -= 1;
                if inner.pop_if(|begun| *begun == depth).is_some() {
                    module.pop();
                }
            }
            _ => {}
        }
        let begins = at == 0 || tokens[at - 1] != "::";
        // `pub(in crate::storage)` says who may use something, and uses nothing itself.
        let visibility = at > 0 && tokens[at - 1] == "in";
        let start = match tokens[at] {
            "crate" => Some(Vec::new()),
            "super" => Some(module[..module.len() - 1].to_vec()),
            _ => None,
        };
        at += 1;
        if let Some(start) = start.filter(|_| begins && !visibility) {
            follow(start, &tokens, &mut at, &mut found);
        }
    }
    found
}

/// Follows a path, and each of its branches in braces.
fn follow(mut path: Vec<String>, tokens: &[&str], at: &mut usize, found: &mut BTreeSet<Vec<String>>) {
    while tokens.get(*at) == Some(&"::") {
        *at += 1;
        match tokens.get(*at) {
            Some(&"super") => drop(path.pop()),
            Some(&"{") => return branches(&path, tokens, at, found),
            Some(name) if is_name(name) => path.push((*name).to_owned()),
            _ => break,
        }
        *at += 1;
    }
    path.truncate(2);
    found.extend((!path.is_empty()).then_some(path));
}

fn branches(path: &[String], tokens: &[&str], at: &mut usize, found: &mut BTreeSet<Vec<String>>) {
    while *at < tokens.len() && tokens[*at] != "}" {
        *at += 1;
        if tokens.get(*at).is_some_and(|name| is_name(name)) {
            let mut branch = path.to_vec();
            if tokens[*at] != "self" {
                branch.push(tokens[*at].to_owned());
            }
            *at += 1;
            follow(branch, tokens, at, found);
        }
    }
    *at += 1;
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and single characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let n = if name > 0 {
            name
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..n]);
        rest = rest[n..].trim_start();
    }
    tokens
}

/// All modules below a folder that are no tests.
fn read(folder: &Path, path: &[&str], modules: &mut Vec<Module>) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        if ["tests", "testing", "model", "models"].contains(&name) || path.is_empty() && name == "lib" {
            continue;
        }
        let here: Vec<_> = path.iter().copied().chain((name != "mod").then_some(name)).collect();
        if file.is_dir() {
            read(&file, &here, modules);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            modules.push(Module::new(&here.join("::"), &fs::read_to_string(&file).unwrap()));
        }
    }
}

fn sources() -> Vec<Module> {
    let mut modules = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut modules);
    modules
}

#[test]
fn each_layer_uses_only_those_below_it() {
    let modules = sources();
    assert!(modules.len() > 40, "{} modules found", modules.len());
    let found: usize = modules.iter().map(|module| module.uses.len()).sum();
    assert!(found > 200, "{found} paths found");
    assert_eq!(faults(&modules), Vec::<String>::new());
}

#[track_caller]
fn assert_faults(modules: &[(&str, &str)], expected: &[&str]) {
    let modules: Vec<_> = modules.iter().map(|(path, text)| Module::new(path, text)).collect();
    assert_eq!(faults(&modules), expected);
}

#[test]
fn an_upward_use_is_found_however_it_is_written() {
    for text in [
        "use crate::stream::Stream;",
        "use crate::{error::Result, stream::Stream};",
        "use crate::{\n    error::{Error, Result},\n    stream::{self, Stream},\n};",
        "use super::super::stream;",
        "fn f() { g(&crate::stream::Stream::new()) }",
        "impl From<super::super::stream::Stream> for X {}",
        "#[cfg(test)]\nmod tests {\n    use crate::view::View;\n}\nuse crate::stream::Stream;",
        "#[cfg(test)]\nuse crate::view::View;\nuse crate::stream::Stream;",
    ] {
        let module = Module::new("storage::block", text);
        let faults = faults(&[module]);
        let right = |fault: &String| fault.starts_with("storage::block uses stream");
        assert!(!faults.is_empty() && faults.iter().all(right), "{text}: {faults:?}");
    }
}

#[test]
fn what_is_below_and_what_is_no_use_is_no_fault() {
    assert_faults(
        &[
            ("storage::block", "use super::policy;\nuse crate::error::Result;\npub(in crate::storage) fn f() {}"),
            (
                "sys::count",
                "//! As `crate::stream::Stream`.\n#[cfg(all(test, not(loom)))]\nmod tests {\n use crate::view;\n}",
            ),
            ("capi", "mod ffi { pub use super::handle::Owned; }\nuse self::ffi::Owned;"),
            ("capi::views", "use crate::view::View; const TEXT: &str = \"crate::capi\";"),
        ],
        &[],
    );
}

#[test]
fn a_circle_the_root_and_what_has_no_place_are_faults() {
    let circle = [("stream::state", "use super::window::Window;"), ("stream::window", "use super::state::State;")];
    assert_faults(&circle, &["stream::state and stream::window use each other"]);
    assert_faults(&circle[1..], &[]);
    assert_faults(&[("sys::fd", "use crate::trim;")], &["sys::fd uses trim, which is the root's"]);
    assert_faults(&[("search", "use crate::options::Options;")], &["search uses options::Options, which is beside it"]);
    assert_faults(&[("novelty", "")], &["novelty has no place in the layers"]);
}
