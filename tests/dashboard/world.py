"""A user's whole world in one temporary folder, with runs of every kind, and the dashboard that shows it.

The product is the real binary, workers are the tests' scripted stand-in; nothing leaves this machine.
"""

import json
import os
import random
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROFILES = [
    ("id-glm", "Zhipu GLM", "glm-5.2", 0.6, 2.2),
    ("id-kimi", "Kimi", "kimi-k2.7-code", 0.55, 2.5),
    ("id-deepseek", "深度求索", "deepseek-v4-pro", 0.28, 0.42),
    ("id-minimax", "MiniMax", "minimax-m3", 0.3, 1.2),
    ("id-qwen", "Qwen", "qwen3.5-coder-plus", 1.0, 5.0),
]
SCHEMA = """
    PRAGMA user_version = 17;
    CREATE TABLE providers (
        id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT NOT NULL, settings_config TEXT NOT NULL, website_url TEXT,
        category TEXT, created_at INTEGER, sort_index INTEGER, notes TEXT, icon TEXT, icon_color TEXT,
        meta TEXT NOT NULL DEFAULT '{}', is_current BOOLEAN NOT NULL DEFAULT 0,
        in_failover_queue BOOLEAN NOT NULL DEFAULT 0, cost_multiplier TEXT NOT NULL DEFAULT '1.0',
        limit_daily_usd TEXT, limit_monthly_usd TEXT, provider_type TEXT, PRIMARY KEY (id, app_type));
    CREATE TABLE provider_endpoints (
        id INTEGER PRIMARY KEY AUTOINCREMENT, provider_id TEXT NOT NULL, app_type TEXT NOT NULL, url TEXT NOT NULL,
        added_at INTEGER);
    CREATE TABLE provider_health (
        provider_id TEXT NOT NULL, app_type TEXT NOT NULL, is_healthy INTEGER NOT NULL DEFAULT 1,
        consecutive_failures INTEGER NOT NULL DEFAULT 0, last_success_at TEXT, last_failure_at TEXT, last_error TEXT,
        updated_at TEXT NOT NULL, PRIMARY KEY (provider_id, app_type));
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE model_pricing (
        model_id TEXT PRIMARY KEY, display_name TEXT NOT NULL, input_cost_per_million TEXT NOT NULL,
        output_cost_per_million TEXT NOT NULL, cache_read_cost_per_million TEXT NOT NULL DEFAULT '0',
        cache_creation_cost_per_million TEXT NOT NULL DEFAULT '0');
"""
SESSION = "6f2b1f0e-0f55-4a53-9d0f-0c4f2a6c7b11"


def tool(id, name, **given):
    """A worker calls a tool."""
    content = [{"type": "tool_use", "id": id, "name": name, "input": given}]
    return {"print": json.dumps({"type": "assistant", "session_id": SESSION, "parent_tool_use_id": None, "message": {
        "id": f"msg_{id}", "type": "message", "role": "assistant", "model": "glm-5.2", "content": content,
        "usage": {"input_tokens": 4000, "output_tokens": 90}}}) + "\n"}


def answered(id, text, failed=False):
    """The tool answers."""
    content = [{"type": "tool_result", "tool_use_id": id, "content": text, "is_error": failed}]
    return {"print": json.dumps({"type": "user", "session_id": SESSION, "parent_tool_use_id": None,
                                 "message": {"role": "user", "content": content}}) + "\n"}


def say(text):
    return {"say": text}


def shell(command):
    return {"shell": command}


def finish(text="Done.", failed=False):
    return {"finish": {"text": text, "is_error": failed}}


def wait_for(path):
    return {"wait_for": str(path)}


HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\"'><b>bold</b>\n"
    "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202etxt.exe\u202c \u2066isolated\u2069 zero\u200bwidth {{ 7 * 7 }} </textarea></pre>"
)


class World:
    def __init__(self, binary=None):
        self.binary = Path(binary).absolute() if binary else ROOT / "target/debug/cc-orchestrator-tested"
        beside = [folder / "fake_claude" for folder in self.binary.parents[:2]]
        self.worker = next((path for path in beside if path.exists()), ROOT / "target/debug/fake_claude")
        self.root = Path(tempfile.mkdtemp(prefix="cc-dash-")).resolve()
        self.project, self.records = self.root / "atelier", self.root / "records"
        for name in ["user", "tmp", "run", "atelier", "records", "scripts"]:
            (self.root / name).mkdir()
        self.scripts = 0
        self.served = []
        self.profiles()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.served:
            process.terminate()
        for run in self.listed():
            self.do("stop-run", run["run_id"], "--force")
        shutil.rmtree(self.root, ignore_errors=True)

    def profiles(self):
        (self.root / "cc-switch").mkdir()
        store = sqlite3.connect(self.root / "cc-switch/cc-switch.db")
        store.executescript(SCHEMA)
        for index, (id, name, model, input, output) in enumerate(PROFILES):
            env = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:9/{id}", "ANTHROPIC_AUTH_TOKEN": f"key-of-{id}-never-shown",
                   "ANTHROPIC_MODEL": model}
            store.execute("INSERT INTO providers (id, app_type, name, settings_config, category, created_at, sort_index, is_current) "
                          "VALUES (?, 'claude', ?, ?, 'third_party', 1755000000000, ?, ?)",
                          (id, name, json.dumps({"env": env}), index, index == 0))
            store.execute("INSERT INTO model_pricing (model_id, display_name, input_cost_per_million, output_cost_per_million) "
                          "VALUES (?, ?, ?, ?)", (model, model, str(input), str(output)))
        store.commit()
        store.close()

    def env(self, script=None):
        home = str(self.root / "user")
        env = {name: os.environ[name] for name in ["PATH", "LD_LIBRARY_PATH"] if name in os.environ}
        env.update(HOME=home, USERPROFILE=home, XDG_CONFIG_HOME=f"{home}/.config", XDG_DATA_HOME=f"{home}/.local/share",
                   XDG_CACHE_HOME=f"{home}/.cache", XDG_RUNTIME_DIR=str(self.root / "run"), GIT_CONFIG_NOSYSTEM="1",
                   TMPDIR=str(self.root / "tmp"), CCSWITCH_HOME=str(self.root / "cc-switch"),
                   CC_ORCHESTRATOR_HOME=str(self.root / "state"), CLAUDE_CODE_BIN=str(self.worker))
        if script:
            env["CC_ORCHESTRATOR_FAKE_SCRIPT"] = str(script)
        return env

    def do(self, *arguments, steps=None):
        script = None
        if steps is not None:
            self.scripts += 1
            script = self.root / "scripts" / f"{self.scripts}.json"
            script.write_text(json.dumps(steps))
        done = subprocess.run([self.binary, "--json", *map(str, arguments)], cwd=self.project, env=self.env(script),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"{arguments}: {done.stdout}{done.stderr}") from None

    def git(self):
        git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "First"]):
            subprocess.run(git + command, cwd=self.project, env=self.env(), check=True, capture_output=True)

    def file(self, path, text):
        place = self.project / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def start(self, steps, task, *more):
        run = self.do("run-streaming-agent", task, *more, steps=steps)
        if "run_id" not in run:
            raise RuntimeError(f"no run: {run}")
        return run["run_id"]

    def end(self, run):
        return self.do("poll-run", run, "--wait-seconds", "120", "--wait-for", "end")

    def listed(self):
        return self.do("run-status").get("runs", [])

    def serve(self):
        """The dashboard's address."""
        server = subprocess.Popen([self.binary, "--json", "dashboard"], cwd=self.project, env=self.env(),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.served.append(server)
        text = ""
        while True:
            line = server.stdout.readline()
            text += line
            if line.startswith("}"):
                return json.loads(text)["url"]
            if not line:
                raise RuntimeError(f"the dashboard did not start: {text}{server.stderr.read()}")

    def many(self, count, seed=7):
        """Rows of runs that ended, straight into the index: their folders are gone, as after a clean-up."""
        chance = random.Random(seed)
        now = datetime.now(timezone.utc)
        rows, ledger = [], []
        for number in range(count):
            begun = now - timedelta(minutes=number * 4 + chance.randint(0, 3), hours=2)
            id, name, model, input, output = chance.choices(PROFILES, [6, 5, 4, 2, 1])[0]
            status = chance.choices(["succeeded", "failed", "stopped", "timed_out", "lost"], [80, 12, 4, 3, 1])[0]
            tokens = [chance.randint(2_000, 90_000), chance.randint(200, 9_000), chance.randint(0, 200_000), 0]
            usd = (tokens[0] * input + tokens[1] * output) / 1e6
            role = chance.choice(["implementation", "review", "testing", "debugging", "planning", "security_review", "docs"])
            run = begun.strftime("%Y%m%dT%H%M%SZ-") + f"{chance.getrandbits(32):08x}"
            error = {"failed": "the worker ended with an error: API 529 overloaded", "timed_out": "the time limit of 900 s ended it",
                     "lost": "the supervisor died before it could say how the run ended"}.get(status)
            root = str(self.project)
            rows.append((run, status, 0, "streaming", role, role, id, name, model, model, root, root,
                         f"{root}/.agent-workspace/claude-code-orchestrator/runs/{run}", begun.isoformat().replace("+00:00", "Z"),
                         int(begun.timestamp() * 1000), begun.isoformat().replace("+00:00", "Z"), chance.randint(4_000, 900_000),
                         0 if status == "succeeded" else 1, int(status != "succeeded"), *tokens, usd, 0, error,
                         int(chance.random() < 0.4)))
            ledger.append((run, begun.date().isoformat(), id, model, name, model, role, root, "streaming", *tokens, usd, "priced"))
        db = sqlite3.connect(self.root / "state/state.db", timeout=30)
        db.executemany("INSERT OR IGNORE INTO runs (run_id, status, active, mode, role, task_type, profile_id, profile_name, model, "
                       "actual_model, cwd, workspace_root, run_dir, started_at, started_ms, finished_at, duration_ms, exit_code, "
                       "is_error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, cost_is_estimate, "
                       "error, allow_write) VALUES (" + ", ".join("?" * 27) + ")", rows)
        db.executemany("INSERT OR IGNORE INTO ledger (run_id, day, profile_id, model, profile_name, declared_model, role, project, "
                       "mode, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usd, accuracy) VALUES ("
                       + ", ".join("?" * 15) + ")", ledger)
        db.commit()
        db.close()

    def hostile(self):
        """A run, a team and a job whose every text wants to be more than text."""
        steps = [say(HOSTILE), tool("h1", "Bash", command=HOSTILE), answered("h1", HOSTILE), say("line " + "x" * (1 << 20))]
        hostile = self.start([*steps, finish(HOSTILE + "\n" + "y" * 200_000)], HOSTILE, "--role", "review")
        self.end(hostile)
        failing = self.start([say("One moment."), finish(HOSTILE + "z" * (1 << 20), True)], HOSTILE, "--role", "review")
        self.end(failing)
        self.do("verify-run", failing, "--test-command", f"printf '%s' {shlex.quote(HOSTILE)}; false")
        fence = "`" * 3
        found = "\n".join(f"{stance} | {HOSTILE.splitlines()[0]}:3 | {HOSTILE.splitlines()[1]}" for stance in ["problem", "fine"])
        team = self.do("spawn-role-team", HOSTILE, steps=[say(HOSTILE), finish(f"{HOSTILE}\n\n{fence}findings\n{found}\n{fence}")])["team_id"]
        self.await_quiet()
        # The longest task that is accepted.
        job = self.do("queue-submit", HOSTILE + "w" * (20_000 - len(HOSTILE)), "--priority", "1")
        assert job["ok"], job
        return {"hostile": hostile, "hostile_failed": failing, "hostile_team": team}

    def busy(self, hostile=True):
        """Runs of every kind; their ids by what they are."""
        self.file("src/login.rs", "pub fn login(user: &str) -> bool {\n    // everybody\n    true\n}\n")
        self.file("src/prices.py", "def total(prices, discount):\n    return sum(prices) * (1 - discount / 100)\n")
        self.file("README.md", "# Atelier\n\nA small shop.\n")
        self.git()
        runs = {}
        never = self.records / "never"
        login = ("pub fn login(user: &str, token: Option<&str>) -> Result<bool, &'static str> {\n    // Only with a token that is not empty.\n"
                 "    let token = token.ok_or(\"no token\")?;\n    Ok(!user.is_empty() && token.len() >= 32)\n}\n")
        change = [say("I read the login module first."), tool("t1", "Read", file_path="src/login.rs"), answered("t1", "pub fn login(user: &str) -> bool {"),
                  tool("t2", "Bash", command="cargo test login"), answered("t2", "error: test failed, to rerun pass `--lib`", True),
                  shell(f"cat > src/login.rs <<'E'\n{login}E\nprintf 'def total(prices, discount=0):\\n    if not 0 <= discount <= 100:\\n        raise ValueError(\"discount\")\\n    return sum(prices) * (1 - discount / 100)\\n' > src/prices.py"),
                  tool("t3", "Edit", file_path="src/login.rs"), answered("t3", "The file src/login.rs has been updated."),
                  tool("t4", "Bash", command="cargo test login"), answered("t4", "test login::refuses_an_empty_token ... ok"),
                  say("The login now needs a token, and the tests pass."), finish("The login now refuses an empty token.\n\n- `src/login.rs`: the token is checked\n- `src/prices.py`: a discount has bounds")]
        runs["changed"] = self.start(change, "Make the login refuse an empty token.", "--allow-write", "--allow", "src/", "--profile", "id-glm")
        self.end(runs["changed"])
        runs["verified"] = self.do("verify-run", runs["changed"], "--test-command", "grep -q token src/login.rs")["run_id"]
        stray = [say("I also tidy up the README."), shell("echo changed >> README.md; echo 'AWS_KEY=x' > notes.txt"), finish("I changed the README, too.")]
        runs["blocked"] = self.start(stray, "Document the login.", "--allow-write", "--allow", "src/", "--profile", "id-glm")
        self.end(runs["blocked"])
        self.do("verify-run", runs["blocked"], "--test-command", "false")
        runs["failed"] = self.start([say("One moment."), finish("API Error: 529 overloaded", True)], "Find the slow query.", "--role", "debugging")
        self.end(runs["failed"])
        if hostile:
            runs.update(self.hostile())
        verdicts = ["problem | src/login.rs:3 | the token's length is compared before it is checked", "fine | src/login.rs:3 | the length check is enough",
                    "problem | src/prices.py:2 | a discount over 100 gives money away"]
        fence = "`" * 3
        team = [say("I look at the change."), finish(f"The change is small and mostly sound.\n\n{fence}findings\n{verdicts[2]}\n{verdicts[0]}\n{fence}")]
        team_id = self.do("spawn-role-team", "Review the login change.", steps=team).get("team_id")
        runs["team"] = team_id
        # No key of anybody's: put together here, so that no scanner finds one in this file.
        key = "".join(["AK", "IA", "QYLPMN5HHHFPZA", "M2"])
        runs["leaky"] = self.start([say(f"The settings say aws_access_key_id = {key}."), finish("The keys are in the settings.")], "Where are the keys?", "--role", "security_review")
        self.end(runs["leaky"])
        self.do("queue-submit", "Format the code.")
        self.do("queue-tick", steps=[finish("Formatted.")])
        self.await_quiet()
        live = [say("I will measure it first."), tool("l1", "Grep", pattern="SELECT"), answered("l1", "src/db.rs:41"),
                tool("l2", "Bash", command="cargo bench --bench queries"), wait_for(self.records / "go"), say("The news has come."), wait_for(never)]
        runs["live"] = self.start(live, "Make the orders page fast.", "--timeout-seconds", "900", "--allow-write", "--allow", "src/", "--profile", "id-glm")
        runs["asking"] = self.start([say("I need to write the migration."), {"ask": "migrations/0042_orders.sql"}, wait_for(never)],
                                    "Add the orders index.", "--allow-write", "--ask", "--role", "implementation")
        runs["parked"] = self.start([{"replay": "api-429"}, {"exit": 1}], "Translate the help texts.", "--role", "docs")
        until(lambda: "parked" in str(self.do("run-status", runs["parked"])["status"]))
        until(lambda: "PermissionAsked" in (text := self.events(runs["asking"])) or "permission_asked" in text)
        until(lambda: "cargo bench" in self.events(runs["live"]))
        for task, priority in [("Update the dependencies.", 80), ("Write the release notes.", 100), ("Check all links in the docs.", 50)]:
            self.do("queue-submit", task, "--priority", priority)
        return runs

    def benchmark(self):
        """What the suite found of two models; the stand-in does no task well but those that ask for few words."""
        self.do("benchmark-suite", "--profiles", "id-glm", "--profiles", "id-kimi", "--repeat", "1", "--parallel", "4", "--execute",
                "--wait-seconds", "280", steps=[finish("Done.")])

    def await_quiet(self):
        until(lambda: not self.listed(), 120)

    def events(self, run):
        path = self.project / ".agent-workspace/claude-code-orchestrator/runs" / run / "events.ndjson"
        return path.read_text() if path.exists() else ""


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    raise RuntimeError("what was waited for did not happen")
