//! Looks through the commands that only run other commands: `sudo`, `env`, `xargs`, `bash -c` and the like.

use crate::{
    shell::{self, Call},
    variables::{self, Variables},
};

/// A command as it would really run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Real {
    /// Name without folder and `.exe`, in lower case.
    pub(crate) name: String,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Files its output is redirected to.
    pub(crate) writes: Vec<String>,
    /// Runs with another user's rights.
    pub(crate) as_root: bool,
    /// Gets arguments that are not in the line.
    pub(crate) hidden_args: bool,
    /// Something earlier in its pipe, or a substitution among its words, fetches from the network.
    pub(crate) fed_by_download: bool,
    /// How many shells deep it runs: what an inner one changes is gone outside.
    pub(crate) level: u32,
}

/// One way through a script and the scripts in it.
#[derive(Default)]
struct Walk {
    found: Vec<Real>,
    variables: Variables,
}

/// Scripts in scripts are followed no deeper.
const DEPTH: u32 = 4;
/// Words that may stand before a command.
const RESERVED: [&str; 10] = ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"];
pub(crate) const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "dash", "ksh", "fish"];

/// Commands that run another: the letters of their options that take a value, and how many words stand before
/// the command itself.
const WRAPPERS: [(&str, &str, usize); 13] = [
    ("sudo", "ughpCUrtDRT", 0),
    ("doas", "uC", 0),
    ("env", "uCS", 0),
    ("nohup", "", 0),
    ("exec", "a", 0),
    ("command", "", 0),
    ("builtin", "", 0),
    ("busybox", "", 0),
    ("setsid", "", 0),
    ("stdbuf", "ioe", 0),
    ("nice", "n", 0),
    ("timeout", "sk", 1),
    ("xargs", "nIPdLsEa", 0),
];

/// Every command that a script would run, wrappers and inner scripts opened.
pub(crate) fn commands(script: &str) -> Vec<Real> {
    let mut walk = Walk::default();
    walk.follow(script, 0, DEPTH);
    walk.found
}

impl Walk {
    fn follow(&mut self, script: &str, level: u32, depth: u32) {
        let mut download = false;
        for call in shell::split(script) {
            download &= call.piped;
            let inside_downloads = call.substitutions.iter().any(|inside| downloads(inside));
            let mut real = unwrap(&call);
            real.args = real.args.iter().flat_map(|word| self.variables.expand(word)).collect();
            real.fed_by_download = download || inside_downloads;
            real.level = level + call.level;
            download |= is_download(&real.name);
            self.variables.learn(&call.words);
            if depth > 0 {
                let inner = inner_script(&real, &call);
                for inside in call.substitutions.iter().chain(&inner) {
                    self.follow(inside, real.level + 1, depth - 1);
                }
            }
            self.found.push(real);
        }
    }
}

fn unwrap(call: &Call) -> Real {
    let mut real = Real { writes: call.writes.clone(), ..Real::default() };
    let mut words = call.words.as_slice();
    loop {
        words = without_preface(words);
        let Some((first, rest)) = words.split_first() else { return real };
        let name = base_name(first);
        let Some((_, valued, positional)) = WRAPPERS.iter().find(|(wrapper, ..)| *wrapper == name) else {
            real.name = name;
            real.args = rest.to_vec();
            return real;
        };
        real.as_root |= matches!(name.as_str(), "sudo" | "doas");
        real.hidden_args |= name == "xargs";
        let after = without_options(rest, valued);
        words = after.get(*positional..).unwrap_or_default();
    }
}

/// Without reserved words and assignments.
fn without_preface(words: &[String]) -> &[String] {
    let preface = |word: &&String| RESERVED.contains(&word.as_str()) || variables::assignment(word).is_some();
    &words[words.iter().take_while(preface).count()..]
}

fn without_options<'w>(words: &'w [String], valued: &str) -> &'w [String] {
    let mut rest = words;
    while let [option, after @ ..] = rest {
        if !option.starts_with('-') || option == "-" {
            break;
        }
        let takes_value =
            option.len() == 2 && option.chars().nth(1).is_some_and(|letter| valued.contains(letter));
        rest = if takes_value { after.get(1..).unwrap_or_default() } else { after };
        if option == "--" {
            break;
        }
    }
    rest
}

fn base_name(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

/// The script that a shell, `eval` or a remote shell is given in the line itself.
fn inner_script(real: &Real, call: &Call) -> Option<String> {
    let after_flag = |flag: &str| {
        let at = real.args.iter().position(|arg| arg.starts_with('-') && arg.ends_with(flag))?;
        real.args.get(at + 1).cloned()
    };
    match real.name.as_str() {
        "eval" => Some(real.args.join(" ")),
        "powershell" | "pwsh" => after_flag("ommand").or_else(|| after_flag("c")),
        "cmd" => {
            let at = real.args.iter().position(|arg| arg.eq_ignore_ascii_case("/c"))?;
            Some(real.args[at + 1..].join(" "))
        }
        name if SHELLS.contains(&name) => {
            after_flag("c").or_else(|| (!call.input.is_empty()).then(|| call.input.clone()))
        }
        _ => None,
    }
}

fn downloads(script: &str) -> bool {
    shell::split(script).iter().any(|call| is_download(&unwrap(call).name))
}

fn is_download(name: &str) -> bool {
    matches!(name, "curl" | "wget" | "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(script: &str) -> Vec<String> {
        commands(script).into_iter().map(|real| format!("{} {}", real.name, real.args.join(" "))).collect()
    }

    #[test]
    fn wrappers_are_looked_through() {
        for script in [
            "sudo -u root rm -rf x",
            "FOO=1 env -u A B=2 /bin/rm -rf x",
            "timeout -k 5 30 nice -n 5 rm -rf x",
            "if true; then nohup rm -rf x; fi",
            "find . | xargs -0 -n 1 rm -rf x",
            "bash -lc 'rm -rf x'",
            "sh -c \"bash -c 'rm -rf x'\"",
            "bash <<EOF\nrm -rf x\nEOF",
            "echo $(rm -rf x)",
            "eval 'rm -rf x'",
        ] {
            assert!(lines(script).contains(&"rm -rf x".to_owned()), "{script}: {:?}", lines(script));
        }
    }

    #[test]
    fn arguments_are_no_commands() {
        for script in
            ["echo rm -rf x", "git commit -m 'rm -rf x'", "cat <<EOF\nrm -rf x\nEOF", "grep -r 'rm -rf x' ."]
        {
            assert!(!lines(script).iter().any(|line| line.starts_with("rm")), "{script}");
        }
    }

    #[test]
    fn a_download_is_followed_through_its_pipe_only() {
        let fed = |script: &str| commands(script).last().is_some_and(|real| real.fed_by_download);
        assert!(fed("curl -s x | tee y | sh"));
        assert!(!fed("curl -s x > y; sh y"));
        assert!(!fed("curl -s x || sh y"));
    }

    #[test]
    fn what_a_variable_was_set_to_is_known() {
        for (script, real) in [
            ("D=x; rm -rf \"$D\"", "rm -rf x"),
            ("export D=x && rm -rf ${D}/y", "rm -rf x/y"),
            ("for d in x y; do rm -rf $d/z; done", "rm -rf x/z y/z"),
            ("D=x; rm -rf $DD", "rm -rf $DD"),
        ] {
            assert!(lines(script).contains(&real.to_owned()), "{script}: {:?}", lines(script));
        }
    }

    #[test]
    fn scripts_without_end_stop_somewhere() {
        let nested = (0..50).fold("rm -rf x".to_owned(), |inner, _| format!("$({inner})"));
        assert!(commands(&nested).len() < 10);
    }
}
