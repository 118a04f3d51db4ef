//! A shell in a pseudo-terminal, and the screen it writes to.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    marker::PhantomData,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::{PATIENCE, Sandbox};

/// A terminal with a shell in it, in a world.
pub struct Terminal<'world> {
    world: PhantomData<&'world Sandbox>,
    shell: Child,
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl<'world> Terminal<'world> {
    /// Opens one, with an interactive shell that leads a session of its own there.
    ///
    /// # Panics
    /// When the system has no terminal, or no `setsid`.
    #[must_use]
    pub fn open(sandbox: &'world Sandbox, columns: u16, rows: u16) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).expect("its other side");
        unlockpt(&master).expect("its other side");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .expect("its other side");
        let slave = File::from(slave);
        let mut shell = Command::new("setsid");
        sandbox.isolate(&mut shell);
        shell.args(["--ctty", "--wait", "sh", "-i"]).current_dir(sandbox.project());
        shell.env("TERM", "xterm-256color").env("PS1", "$ ").env_remove("ENV");
        let side = || Stdio::from(slave.try_clone().expect("its other side"));
        let shell =
            shell.stdin(side()).stdout(side()).stderr(side()).spawn().expect("a shell (util-linux's setsid)");
        let keyboard = File::from(master);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let terminal = Self { world: PhantomData, shell, keyboard, screen };
        terminal.resize(columns, rows);
        terminal.read_on();
        terminal
    }

    fn read_on(&self) {
        let mut output = self.keyboard.try_clone().expect("the terminal");
        let screen = Arc::clone(&self.screen);
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                screen.lock().unwrap_or_else(PoisonError::into_inner).process(&bytes[..read]);
            }
        });
    }

    fn screen(&self) -> MutexGuard<'_, vt100::Parser> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another size, as when the user drags the window.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        self.screen().screen_mut().set_size(rows, columns);
        tcsetwinsize(&self.keyboard, size).expect("a terminal has a size");
    }

    /// Presses keys.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// What is on the screen.
    #[must_use]
    pub fn text(&self) -> String {
        self.screen().screen().contents()
    }

    /// Whether a full-screen view has it.
    #[must_use]
    pub fn is_full_screen(&self) -> bool {
        self.screen().screen().alternate_screen()
    }

    /// Whether any cell has a colour.
    #[must_use]
    pub fn has_colours(&self) -> bool {
        let parser = self.screen();
        let (rows, columns) = parser.screen().size();
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let mut cells = cells.filter_map(|(row, column)| parser.screen().cell(row, column));
        cells.any(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
    }

    /// Waits until all of that is on the screen.
    ///
    /// # Panics
    /// When it is not for long.
    pub fn shows(&self, words: &[&str]) {
        self.until(&format!("{words:?} on it"), |text| words.iter().all(|word| text.contains(word)));
    }

    /// Waits until that is on the screen no more.
    ///
    /// # Panics
    /// When it is for long.
    pub fn hides(&self, word: &str) {
        self.until(&format!("no {word:?} on it"), |text| !text.contains(word));
    }

    fn until(&self, what: &str, seen: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !seen(&self.text()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} was waited for {PATIENCE:?}, but the screen is:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
