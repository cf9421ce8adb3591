//! [`Json`]: a value, and its text with short lists and objects in one line.

const WIDTH: usize = 116;
const INDENT: &str = "  ";

pub enum Json {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, which ends with a line feed.
    pub fn document(&self) -> String {
        let mut out = String::new();
        self.write(0, 0, &mut out);
        out.push('\n');
        out
    }

    /// `column` is where the value begins.
    fn write(&self, depth: usize, column: usize, out: &mut String) {
        let line = self.line();
        let (open, close, parts) = match self {
            Self::List(values) if column + line.len() > WIDTH => {
                ('[', ']', values.iter().map(|value| (String::new(), value)).collect::<Vec<_>>())
            }
            Self::Object(fields) if column + line.len() > WIDTH => {
                ('{', '}', fields.iter().map(|(name, value)| (format!("{}: ", quoted(name)), value)).collect())
            }
            _ => return out.push_str(&line),
        };
        out.push(open);
        for (i, (name, value)) in parts.iter().enumerate() {
            out.push_str(if i == 0 { "\n" } else { ",\n" });
            let indent = INDENT.repeat(depth + 1);
            out.push_str(&indent);
            out.push_str(name);
            value.write(depth + 1, indent.len() + name.len(), out);
        }
        out.push('\n');
        out.push_str(&INDENT.repeat(depth));
        out.push(close);
    }

    fn line(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(values) => format!("[{}]", values.iter().map(Self::line).collect::<Vec<_>>().join(", ")),
            Self::Object(fields) => {
                let field = |(name, value): &(&str, Self)| format!("{}: {}", quoted(name), value.line());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
