//! Prints the C header from the boundary's source, and the ABI as data from the header.
//!
//! Part of the build script, not of the library: beside this file lie the parts of the header that are not printed
//! from Rust.

mod abi;
mod group;
mod parameter;

use std::path::Path;
use std::{env, fs};

use group::Group;
use parameter::Parameter;

/// Where the header's parts lie that are not printed from Rust.
const PARTS: &str = "src/capi/header";

const GUARD: &str = "BYTESIO_H";

/// Parts with functions that have bodies; BYTESIO_NO_INLINE hides them.
const INLINE: [&str; 2] = ["printf.h", "cursor.h"];

/// What is printed.
pub struct Printed {
    pub header: String,
    /// The data; empty if there are faults.
    pub abi: String,
    /// What the header's comments leave open.
    pub faults: Vec<String>,
}

/// Prints both; `scratch` is a folder for what cbindgen reads.
pub fn print(scratch: &Path) -> Printed {
    let groups = group::all();
    let header = header(&groups, scratch);
    let sources: Vec<_> = groups.into_iter().map(|group| group.source).collect();
    match abi::json(&header, &sources, &version("")) {
        Ok(abi) => Printed { header, abi, faults: Vec::new() },
        Err(faults) => Printed { header, abi: String::new(), faults },
    }
}

fn part(name: &str) -> String {
    fs::read_to_string(Path::new(PARTS).join(name)).expect("part of the header")
}

/// The version that Cargo.toml names, or a part of it.
fn version(part: &str) -> String {
    env::var(format!("CARGO_PKG_VERSION{part}")).expect("set by Cargo")
}

fn header(groups: &[Group], scratch: &Path) -> String {
    let mut printed = Vec::new();
    let parameters = Parameter::all();
    groups
        .iter()
        .enumerate()
        .map(|(number, group)| {
            let path = scratch.join(format!("{number}.rs"));
            fs::write(&path, parameters.iter().fold(group.source.clone(), Parameter::unwrapped))
                .expect("can be written");
            path
        })
        .fold(cbindgen::Builder::new().with_config(config()), cbindgen::Builder::with_src)
        .generate()
        .expect("the boundary's source can be read")
        .write(&mut printed);
    let printed = String::from_utf8(printed).expect("the header is text");
    // A negative number after a name needs parentheses to be one operand.
    let printed = printed.lines().map(parenthesised).collect::<String>();
    groups.iter().fold(printed, |header, group| group.head(header))
}

fn config() -> cbindgen::Config {
    let mut config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml is readable");
    let include = ["stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string"]
        .map(|name| format!("#include <{name}.h>\n"));
    // The guard is ours, because the inline functions behind the printed part belong inside it.
    config.header = Some(format!("{}\n#ifndef {GUARD}\n#define {GUARD}", part("preamble.h")));
    config.after_includes = Some(format!("\n{}\n{}", include.concat(), macros()));
    let inline = INLINE.map(part).join("\n");
    config.trailer = Some(format!(
        "#ifndef BYTESIO_NO_INLINE\n\n{inline}\n#endif /* BYTESIO_NO_INLINE */\n\n\
         #undef BYTESIO_PRINTF\n\n#endif /* {GUARD} */"
    ));
    config
}

fn macros() -> String {
    part("macros.h")
        .replace("@VERSION@", &version(""))
        .replace("@MAJOR@", &version("_MAJOR"))
        .replace("@MINOR@", &version("_MINOR"))
        .replace("@PATCH@", &version("_PATCH"))
}

fn parenthesised(line: &str) -> String {
    match line.strip_prefix("#define ").and_then(|define| define.split_once(" -")) {
        Some((name, number)) if number.parse::<u32>().is_ok() => format!("#define {name} (-{number})\n"),
        _ => format!("{line}\n"),
    }
}
