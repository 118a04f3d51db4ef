//! Ordinary lines, full of the words that secrets stand next to.

use super::Rng;

const WORDS: &[&str] = &[
    "token",
    "parser",
    "session",
    "value",
    "client",
    "secret",
    "manager",
    "key",
    "index",
    "password",
    "field",
    "user",
    "request",
    "response",
    "buffer",
    "config",
    "auth",
    "handler",
    "worker",
    "stream",
    "path",
    "pattern",
    "api",
    "result",
    "cache",
    "entry",
    "node",
    "tokenizer",
    "keyboard",
    "author",
    "risk",
    "task",
    "disk",
    "model",
    "usage",
    "credential",
    "line",
    "count",
    "file",
    "folder",
    "table",
    "column",
    "row",
    "width",
    "height",
    "offset",
    "length",
    "name",
    "kind",
    "group",
    "list",
    "item",
    "first",
    "last",
    "next",
    "state",
    "event",
    "queue",
    "timer",
    "window",
    "layer",
    "scene",
    "color",
    "shape",
    "graph",
    "edge",
    "vertex",
    "mesh",
    "frame",
    "image",
    "pixel",
    "sound",
    "text",
    "word",
    "letter",
    "number",
    "range",
    "limit",
    "step",
    "total",
    "sum",
    "mean",
    "error",
    "warning",
    "message",
    "reason",
    "place",
    "start",
    "end",
    "before",
    "after",
    "left",
    "right",
    "upper",
    "lower",
    "open",
    "close",
    "read",
    "write",
    "load",
    "store",
    "send",
    "wait",
    "find",
    "match",
    "sort",
    "merge",
    "split",
    "join",
    "copy",
    "move",
    "remove",
    "insert",
    "update",
    "render",
    "build",
    "check",
    "test",
    "run",
    "plan",
    "branch",
    "commit",
    "change",
    "review",
    "report",
    "summary",
    "detail",
    "option",
    "argument",
    "command",
    "process",
    "thread",
    "channel",
    "socket",
    "server",
    "host",
    "port",
    "address",
    "network",
    "device",
    "driver",
    "module",
    "package",
    "version",
    "release",
    "license",
    "source",
    "target",
    "object",
    "method",
    "function",
    "closure",
    "trait",
    "struct",
    "enum",
    "variant",
    "pointer",
    "reference",
];

/// A name made of words.
pub fn name(rng: &mut Rng) -> String {
    let words: Vec<&str> = (0..1 + rng.below(3)).map(|_| rng.pick(WORDS)).collect();
    if rng.below(2) == 0 {
        return words.join("_");
    }
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    words[0].to_owned() + &words[1..].iter().map(|word| capital(word)).collect::<String>()
}

pub fn code(rng: &mut Rng) -> String {
    let [a, b, c] = [name(rng), name(rng), name(rng)];
    let n = rng.below(5_000);
    match rng.below(12) {
        0 => format!("    let {a} = self.{b}.{c}({n})?;"),
        1 => format!("    if ({a}.{b} === null) {{ return {c}; }}"),
        2 => format!("def {a}({b}: str, {c}=None) -> dict:"),
        3 => format!("    {a}: {b}.{c},"),
        4 => format!("    // the {a} of {b} is checked before {c}"),
        5 => format!("    {a} = {b}[\"{c}\"]"),
        6 => format!("    throw new Error(`{a} not found: ${{{b}}}`);"),
        7 => format!("    log.info(\"{a} {n} of {b}\\n\", {c});"),
        8 => format!("import {{ {a}, {b} }} from './{c}';"),
        9 => format!("    assert_eq!({a}.len(), {n}, \"{b}: {c}\");"),
        10 => format!("    const {a}: {b} = new {c}({n}, \"{b}\");"),
        _ => String::new(),
    }
}

pub fn prose(rng: &mut Rng) -> String {
    (0..8 + rng.below(10)).map(|_| rng.pick(WORDS)).collect::<Vec<_>>().join(" ") + "."
}

pub fn setting(rng: &mut Rng) -> String {
    let n = rng.below(9_000);
    match rng.below(6) {
        0 => format!("# {}", prose(rng)),
        1 => format!("{}: {n}", name(rng)),
        2 => format!("{}: true", name(rng)),
        3 => format!("{}: /var/lib/{}", name(rng), name(rng)),
        4 => format!("{}_url: https://{}.example.org:{n}/", name(rng), rng.pick(&["api", "auth", "db"])),
        _ => format!("{}: {}", name(rng), name(rng)),
    }
}

pub fn output(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => rng.expand(
            "2026-01-{digit:2}T10:{digit:2}:00Z INFO request {hex:8}-{hex:4}-4{hex:3}-8{hex:3}-{hex:12} done",
        ),
        1 => rng.expand("commit {hex:40}"),
        2 => format!("{:>6}\t{}", rng.below(900), code(rng)),
        _ => prose(rng),
    }
}

/// Lines of lock files, generated code and data.
pub fn data(rng: &mut Rng) -> String {
    let name = name(rng);
    let line = match rng.below(12) {
        0 => "\"integrity\": \"sha512-{base64:86}==\",",
        1 => "checksum = \"{hex:64}\"",
        2 => "example.org/pkg/NAME v1.{digit:2}.{digit:1} h1:{base64:43}=",
        3 => "\"resolved\": \"https://registry.example.org/NAME/-/NAME-1.{digit:1}.2.tgz#{hex:40}\",",
        4 => "{hex:64}  ./NAME.tar.gz",
        5 => "{digit:6},{hex:8}-{hex:4}-4{hex:3}-9{hex:3}-{hex:12},NAME,{digit:3}.{digit:2}",
        6 => "<img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg{base64:600}==\">",
        7 => "var NAME=\"{base64:900}\";",
        8 => "//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJ{base64:700}",
        9 => "<link href=\"/assets/NAME-{hex:20}.css\" integrity=\"sha384-{base64:64}\">",
        10 => "index {hex:7}..{hex:7} 100644",
        _ => {
            "!function(e,t){var n=t.token,r=e.NAME||n.key;r.password=n(r,{digit:3}),i.secretKey=o(a.tokenType1,b)}(x,y);"
        }
    };
    rng.expand(&line.replace("NAME", &name))
}
