//! What a printed header declares: a reader for the C that the header is written in, and for no more of C.

/// Something declared, with the comment above it.
pub struct Declaration {
    /// The comment's lines; empty if there is none.
    pub doc: Vec<String>,
    pub item: Item,
}

pub enum Item {
    /// `#define NAME value`
    Define { name: String, value: String },
    /// `typedef struct NAME { ... } NAME;`
    Struct { name: String, fields: Vec<Declaration> },
    /// What ends with a semicolon; `inline` is a function's that has a body instead.
    Statement { text: String, inline: bool },
}

/// A parameter, a field, or what else is written as a type with a name behind it.
pub struct Named {
    pub name: String,
    pub ctype: String,
}

pub struct Signature {
    pub name: String,
    pub result: String,
    pub parameters: Vec<Named>,
    pub variadic: bool,
    pub nodiscard: bool,
}

/// Everything that the text declares, in its order.
pub fn declarations(text: &str) -> Vec<Declaration> {
    let (mut rest, mut doc, mut found) = (text.trim_start(), Vec::new(), Vec::new());
    while !rest.is_empty() {
        if rest.starts_with("/*") {
            let (comment, after) = cut(rest, "*/");
            doc = comment.strip_prefix("/**").map(comment_lines).unwrap_or_default();
            rest = after;
        } else if rest.starts_with("//") {
            rest = cut(rest, "\n").1;
        } else if rest.starts_with('#') {
            let (directive, after) = directive(rest);
            let doc = std::mem::take(&mut doc);
            found.extend(define(&directive).map(|item| Declaration { doc, item }));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("extern \"C\" {").or_else(|| rest.strip_prefix('}')) {
            rest = after;
        } else {
            let (item, after) = statement(rest);
            found.push(Declaration { doc: std::mem::take(&mut doc), item });
            rest = after;
        }
        rest = rest.trim_start();
    }
    found
}

/// The text before `end`, and the text behind it.
fn cut<'a>(text: &'a str, end: &str) -> (&'a str, &'a str) {
    text.split_once(end).unwrap_or((text, ""))
}

fn comment_lines(comment: &str) -> Vec<String> {
    let line = |line: &str| line.trim().trim_start_matches('*').trim().to_owned();
    comment.lines().map(line).collect()
}

/// A preprocessor's line, with those that continue it.
fn directive(text: &str) -> (String, &str) {
    let (mut line, mut rest) = cut(text, "\n");
    let mut whole = String::new();
    while let Some(continued) = line.strip_suffix('\\') {
        whole.push_str(continued);
        (line, rest) = cut(rest, "\n");
    }
    (whole + line, rest)
}

fn define(directive: &str) -> Option<Item> {
    let (name, value) = directive.strip_prefix("#define ")?.split_once(' ')?;
    Some(Item::Define { name: name.to_owned(), value: value.trim().to_owned() })
}

fn statement(text: &str) -> (Item, &str) {
    let end = text.find([';', '{']).unwrap_or(text.len());
    let (head, rest) = (text[..end].split_whitespace().collect::<Vec<_>>().join(" "), &text[end..]);
    let Some(inside) = rest.strip_prefix('{') else {
        return (Item::Statement { text: head, inline: false }, rest.strip_prefix(';').unwrap_or(rest));
    };
    let (body, after) = inside.split_at(body_len(inside));
    let after = after.strip_prefix('}').unwrap_or(after);
    match head.strip_prefix("typedef struct ") {
        Some(name) => (Item::Struct { name: name.to_owned(), fields: declarations(body) }, cut(after, ";").1),
        None => (Item::Statement { text: head, inline: true }, after),
    }
}

/// How far it is to the brace that closes a body, whose comments and literals may have braces of their own.
fn body_len(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        let skipped = match c {
            '/' if text[at..].starts_with("/*") => text[at..].find("*/").map_or(text.len() - at, |n| n + 2),
            '"' | '\'' => literal_len(&text[at..], c),
            _ => c.len_utf8(),
        };
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth < 0 {
            return at;
        }
        at += skipped;
    }
    at
}

fn literal_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let closes = |(_, c): &(usize, char)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    };
    text.char_indices().skip(1).find(closes).map_or(text.len(), |(at, _)| at + 1)
}

impl Named {
    /// `const struct bio_snapshot *snapshot`
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let start = text.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
        let (ctype, name) = (text[..start].trim(), &text[start..]);
        (!ctype.is_empty() && !name.is_empty()).then(|| Self { name: name.to_owned(), ctype: ctype.to_owned() })
    }

    pub fn is_pointer(&self) -> bool {
        self.pointee().is_some()
    }

    /// What a pointer points to.
    pub fn pointee(&self) -> Option<&str> {
        self.ctype.strip_suffix('*').map(str::trim_end)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Signature {
    /// `BYTESIO_API BYTESIO_NODISCARD bio_status bio_write(bio_stream *stream, const void *data, size_t len)`
    pub fn function(text: &str) -> Option<Self> {
        let nodiscard = text.contains("BYTESIO_NODISCARD");
        let mut text = text;
        loop {
            let (word, after) = text.split_at(text.find(|c| !is_word(c))?);
            text = match word {
                "static" | "inline" => after,
                macro_name if macro_name.starts_with("BYTESIO_") && after.starts_with('(') => after.split_once(')')?.1,
                macro_name if macro_name.starts_with("BYTESIO_") => after,
                _ => break,
            }
            .trim_start();
        }
        let (head, parameters) = text.split_once('(')?;
        Self::new(head, parameters, nodiscard)
    }

    /// `typedef void (*bio_release_fn)(void *ctx, void *data, size_t len)`
    pub fn callback(text: &str) -> Option<Self> {
        let (result, rest) = text.strip_prefix("typedef ")?.split_once("(*")?;
        let (name, parameters) = rest.split_once(")(")?;
        Self::new(&format!("{result} {name}"), parameters, false)
    }

    fn new(head: &str, parameters: &str, nodiscard: bool) -> Option<Self> {
        let Named { name, ctype: result } = Named::read(head)?;
        let mut parameters: Vec<_> = parameters.strip_suffix(')')?.split(',').map(str::trim).collect();
        let variadic = parameters.pop_if(|last| *last == "...").is_some();
        parameters.retain(|parameter| *parameter != "void");
        let parameters = parameters.into_iter().map(Named::read).collect::<Option<_>>()?;
        Some(Self { name, result, parameters, variadic, nodiscard })
    }
}
