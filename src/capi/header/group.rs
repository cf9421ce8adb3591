//! The groups of the header, which are the modules of the boundary, each headed by its module's text.

use std::fs;

/// A group of functions in the header: a module of the boundary that exports some.
pub struct Group {
    pub source: String,
}

/// The statuses, then the modules of the boundary in the order in which `mod.rs` names them: the header's.
pub fn all() -> Vec<Group> {
    let modules = fs::read_to_string("src/capi/mod.rs").expect("the boundary's root");
    let names = modules.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let paths = ["src/error.rs".to_owned()].into_iter().chain(names.map(|name| format!("src/capi/{name}.rs")));
    let read = |path| Group { source: fs::read_to_string(path).expect("a module of the boundary") };
    paths.map(read).filter(|group| group.source.contains("/// Since: ")).collect()
}

impl Group {
    /// Puts the module's own text above its first item.
    pub fn head(&self, header: String) -> String {
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
