//! What the words of a function's comment say: who owns what, what NULL does, which statuses, which callbacks.
//!
//! The words are those that the header's own introduction explains. Others are a fault, and so is silence.

use super::declarations::Named;

/// Words and what they mean, as the data itself explains them.
pub type Vocabulary = [(&'static str, &'static str)];

pub const OWNERSHIP: &Vocabulary = &[
    ("value", "a number, or a place that receives one: nothing to own"),
    ("borrowed", "not kept after the return"),
    ("borrowed_until", "good as long as 'lasts' says, released by nobody"),
    ("lent_until", "in the other party's use as long as 'lasts' says"),
    ("consumed", "the caller's reference, or memory, is gone"),
    ("owned", "the caller ends it with the function 'ended_by'"),
    ("static", "never released"),
];

pub const NULL: &Vocabulary = &[
    ("refused", "NULL is NULL_ARG"),
    ("if_empty", "NULL is allowed where the length is 0, and NULL_ARG where it is not"),
    ("allowed", "NULL is allowed"),
];

pub const CALLS_BACK: &Vocabulary = &[
    ("never", "runs none of the caller's functions"),
    ("allocator", "may run the functions of a bio_allocator, and bio_options.allocator_done"),
    ("release", "may run a bio_release_fn"),
];

pub const DIRECTION: &Vocabulary = &[
    ("in", "the library is given it"),
    ("out", "a result is stored through it"),
    ("inout", "as out, into a struct whose struct_size the caller has set"),
];

pub const LINKAGE: &Vocabulary =
    &[("exported", "a symbol of the library"), ("inline", "has a body in the header, and is no symbol")];

/// What the lists of statuses leave out.
pub const STATUSES: &str = "without BYTESIO_; OK and INTERNAL, which every bio_status may be, are left out";

const KEYWORDS: [&str; 5] = ["Returns", "Errors", "Threads", "Calls back", "Since"];

/// A comment, taken apart.
pub struct Doc {
    pub text: String,
    tags: Vec<(Vec<String>, String)>,
}

impl Doc {
    pub fn new(lines: &[String], parameters: &[Named]) -> Self {
        let known = |name: &str| KEYWORDS.contains(&name) || parameters.iter().any(|p| p.name == name);
        let (mut text, mut tags) = (Vec::new(), Vec::<(Vec<String>, String)>::new());
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let tag = line.split_once(':').filter(|(names, _)| names.split(", ").all(known));
            match (tag, tags.last_mut()) {
                (Some((names, said)), _) => {
                    tags.push((names.split(", ").map(str::to_owned).collect(), said.trim().to_owned()));
                }
                (None, Some((_, said))) => *said = format!("{said} {line}"),
                (None, None) => text.push(line.as_str()),
            }
        }
        Self { text: text.join(" "), tags }
    }

    /// What is said of a parameter, or behind a keyword.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(names, _)| names.iter().any(|n| n == name)).map(|(_, said)| said.as_str())
    }

    pub fn since(&self) -> Result<&str, String> {
        self.said("Since").ok_or_else(|| "has no \"Since:\"".to_owned())
    }

    /// Which of the caller's functions may be run; `never` alone, or the others in the vocabulary's order.
    pub fn calls_back(&self) -> Result<Vec<&'static str>, String> {
        let said = self.said("Calls back").ok_or("has no \"Calls back:\"")?;
        let words: Vec<_> = said.split(['.', '(', ';']).next().unwrap_or_default().trim().split(", ").collect();
        let known: Vec<_> = CALLS_BACK.iter().map(|(word, _)| *word).filter(|word| words.contains(word)).collect();
        if known != words || known.contains(&"never") && known.len() > 1 {
            return Err(format!(
                "\"Calls back: {said}\" is neither \"never\" nor \"allocator\", \"release\" in this order"
            ));
        }
        Ok(known)
    }

    /// The statuses behind `Errors:`, of those that there are; what stands in parentheses explains.
    pub fn statuses(&self, known: &[String]) -> Result<Vec<String>, String> {
        let said = without_parentheses(self.said("Errors").ok_or("has no \"Errors:\"")?);
        let words = said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let words = words.filter(|w| w.len() > 1 && w.starts_with(|c: char| c.is_ascii_uppercase()));
        let shouted = words.filter(|w| *w == w.to_ascii_uppercase());
        shouted.map(|word| known_status(word, known)).collect()
    }
}

fn known_status(word: &str, known: &[String]) -> Result<String, String> {
    known.iter().find(|status| *status == word).cloned().ok_or_else(|| format!("names {word}, which is no status"))
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0;
    let outside = |c: &char| {
        depth += i32::from(*c == '(');
        let keep = depth == 0;
        depth -= i32::from(*c == ')');
        keep
    };
    text.chars().filter(outside).collect()
}

/// Whether a result is stored through the parameter.
pub fn receives(said: &str) -> bool {
    said.split(|c: char| !c.is_alphanumeric()).any(|word| word == "receives")
}

/// Whether NULL is spoken of as something that may be passed or returned.
pub fn allows_null(said: &str) -> bool {
    said.replace("never NULL", "").contains("NULL")
}

/// One of the words for ownership, and what belongs to it.
#[derive(PartialEq)]
pub struct Ownership {
    pub word: &'static str,
    pub ended_by: Option<String>,
    pub lasts: Option<String>,
}

impl Ownership {
    pub fn plain(word: &'static str) -> Self {
        Self { word, ended_by: None, lasts: None }
    }

    /// The word that a text begins with, or a parenthesis in it; there must not be two.
    pub fn said(text: &str) -> Result<Option<Self>, String> {
        let inside = text.match_indices('(').map(|(at, _)| &text[at + 1..]);
        let mut found: Vec<_> = std::iter::once(text).chain(inside).filter_map(Self::at_start).collect();
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(format!("says twice who owns it: {text:?}")),
        }
    }

    fn at_start(text: &str) -> Option<Self> {
        let phrase = || text.split([';', '.', ')', ':']).next().unwrap_or_default();
        if let Some(function) = text.strip_prefix("owned: ") {
            let name = function.split_once("()")?.0;
            return Some(Self { ended_by: Some(name.to_owned()), ..Self::plain("owned") });
        }
        if text.starts_with("borrowed for the call") {
            return Some(Self::plain("borrowed"));
        }
        for (start, word) in [("borrowed ", "borrowed_until"), ("lent ", "lent_until")] {
            // "bio_close()" within the phrase has parentheses of its own.
            let lasts = text.strip_prefix(start).and_then(|_| until(text));
            if let Some(lasts) = lasts {
                return Some(Self { lasts: Some(lasts), ..Self::plain(word) });
            }
        }
        let whole = |word: &&'static str| phrase().split(' ').next() == Some(*word);
        ["consumed", "static"].into_iter().find(whole).map(Self::plain)
    }
}

/// "until ..." or "while ..." in a phrase, up to its end; a function's `()` does not end it.
fn until(text: &str) -> Option<String> {
    let text = text.replace("()", "\0");
    let phrase = text.split([';', '.', ')', ':']).next()?;
    let start = ["until ", "while "].into_iter().filter_map(|word| phrase.find(word)).min()?;
    Some(phrase[start..].replace('\0', "()"))
}
