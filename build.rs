//! Prints the C header from the boundary's source and compiles the one C file.
//!
//! The header goes to `OUT_DIR`; `tests/header.rs` compares it with `include/bytesio.h`.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the header's parts lie that are not printed from Rust.
const PARTS: &str = "src/capi/header";

const GUARD: &str = "BYTESIO_H";

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // Mapped blocks want address space to spare, and file offsets of 64 bits.
        if env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "64") {
            println!("cargo::rustc-cfg=mapped");
        }
        cc::Build::new()
            .file("src/sys/single_threaded.c")
            .flag_if_supported("-fvisibility=hidden")
            .warnings_into_errors(true)
            .compile("bytesio_sys");
    }
    fs::write(out_dir().join("bytesio.h"), header()).expect("the header can be written");
}

fn out_dir() -> PathBuf {
    PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo"))
}

fn part(name: &str) -> String {
    fs::read_to_string(Path::new(PARTS).join(name)).expect("part of the header")
}

fn header() -> String {
    let mut config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml is readable");
    let include = ["stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string"]
        .map(|name| format!("#include <{name}.h>\n"));
    // The guard is ours, because the inline functions behind the printed part belong inside it.
    config.header = Some(format!("{}\n#ifndef {GUARD}\n#define {GUARD}", part("preamble.h")));
    config.after_includes = Some(format!("\n{}\n{}", include.concat(), macros()));
    let inline = ["printf.h", "cursor.h"].map(part).join("\n");
    config.trailer = Some(format!("{inline}\n#undef BYTESIO_PRINTF\n\n#endif /* {GUARD} */"));
    let groups = groups();
    let mut printed = Vec::new();
    let parameters = Parameter::all();
    groups
        .iter()
        .enumerate()
        .map(|(number, group)| {
            let path = out_dir().join(format!("{number}.rs"));
            fs::write(&path, parameters.iter().fold(group.source.clone(), Parameter::unwrapped))
                .expect("can be written");
            path
        })
        .fold(cbindgen::Builder::new().with_config(config), cbindgen::Builder::with_src)
        .generate()
        .expect("the boundary's source can be read")
        .write(&mut printed);
    let printed = String::from_utf8(printed).expect("the header is text");
    // A negative number after a name needs parentheses to be one operand.
    let printed = printed.lines().map(parenthesised).collect::<String>();
    groups.iter().fold(printed, |header, group| group.head(header))
}

fn macros() -> String {
    let set = |name: &str| env::var(format!("CARGO_PKG_VERSION{name}")).expect("set by Cargo");
    part("macros.h")
        .replace("@VERSION@", &set(""))
        .replace("@MAJOR@", &set("_MAJOR"))
        .replace("@MINOR@", &set("_MINOR"))
        .replace("@PATCH@", &set("_PATCH"))
}

fn parenthesised(line: &str) -> String {
    match line.strip_prefix("#define ").and_then(|define| define.split_once(" -")) {
        Some((name, number)) if number.parse::<u32>().is_ok() => format!("#define {name} (-{number})\n"),
        _ => format!("{line}\n"),
    }
}

/// A type that the boundary declares parameters and fields with: transparent, one pointer or number and a promise. The
/// header shows what is inside.
struct Parameter {
    name: String,
    generic: Option<String>,
    inside: String,
}

impl Parameter {
    /// All those that `handle.rs` and `pointers.rs` declare, each in one line: `pub struct Out<T>(*mut T);`.
    fn all() -> Vec<Self> {
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
    fn unwrapped(source: String, parameter: &Self) -> String {
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

/// A group of functions in the header: a module of the boundary that exports some.
struct Group {
    source: String,
}

/// The statuses, then the modules of the boundary in the order in which `mod.rs` names them: the header's.
fn groups() -> Vec<Group> {
    let modules = fs::read_to_string("src/capi/mod.rs").expect("the boundary's root");
    let names = modules.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let paths = ["src/error.rs".to_owned()].into_iter().chain(names.map(|name| format!("src/capi/{name}.rs")));
    let read = |path| Group { source: fs::read_to_string(path).expect("a module of the boundary") };
    paths.map(read).filter(|group| group.source.contains("/// Since: ")).collect()
}

impl Group {
    /// Puts the module's own text above its first item.
    fn head(&self, header: String) -> String {
        let text: Vec<_> = self.source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let (title, rest) = text.split_first().expect("a module has a title");
        let mut banner = format!("/* {} {title} {}\n", "-".repeat(3), "-".repeat(92 - title.len()));
        for line in rest.iter().filter(|line| !line.is_empty()) {
            banner.push_str(&format!(" * {line}\n"));
        }
        banner.push_str(" */\n\n");
        let first = self.source.lines().find_map(declaration).expect("a group exports something");
        let code = |at: &usize| !header[..*at].rsplit('\n').next().is_some_and(|line| line.starts_with([' ', '/']));
        let item = header
            .match_indices(&first)
            .map(|(at, _)| at)
            .find(code)
            .unwrap_or_else(|| panic!("{first:?} is in the header"));
        let comment = header[..item].rfind("/**").expect("every item is documented");
        format!("{}{banner}{}", &header[..comment], &header[comment..])
    }
}

/// How the header declares what a line of a module exports, if it does.
fn declaration(line: &str) -> Option<String> {
    let name = |rest: &'_ str| rest.split(['(', ' ', ':']).next().map(str::to_owned);
    if let Some(rest) = line.strip_prefix("pub type ") {
        return Some(format!(" {};\n", name(rest)?));
    }
    if let Some(rest) = line.strip_prefix("pub const ") {
        return Some(format!("#define {} ", name(rest)?));
    }
    let (_, rest) = line.split_once(r#"extern "C" fn bio_"#)?;
    Some(format!("bio_{}(", name(rest)?))
}
