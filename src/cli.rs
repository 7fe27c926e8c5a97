//! The command line: what can be asked of the program, and with which exit code it answers.
//!
//! 0 is success, 64 a mistake in the command line or the configuration, 1 any other failure.

pub mod check;

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::example::EXAMPLE;
use crate::config::problem::ConfigError;
use crate::config::{Config, effective};

/// The exit code of a mistake in the command line or the configuration (`EX_USAGE`).
pub const USAGE: u8 = 64;

/// Variables of the environment.
pub type Environment = Vec<(String, String)>;

/// Hand long prompts to a bot in Telegram or Discord; the channel hears what came out.
#[derive(Debug, Parser)]
#[command(name = "legwork", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// What is asked of the program.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server (also without a command)
    Serve(ServeArgs),
    /// Try everything without any account: simulated Telegram, Discord and model
    Demo(DemoArgs),
    /// Say whether the configuration is right and everything it names can be reached
    Check(CheckArgs),
    /// Print the configuration in effect, without its secrets
    Config(ConfigArgs),
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Source {
    /// The configuration file [default: legwork.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one key, like tasks.max_running=4; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,
}

/// Of `legwork serve`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct ServeArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: Source,
    /// Listen here instead of server.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// Of `legwork demo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// Serve the page here [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = on_this_machine)]
    pub listen: Option<SocketAddr>,
    /// Play a fixed conversation, print it, and exit 0 only if every step did what it should
    #[arg(long)]
    pub script: bool,
}

/// The demo asks nobody who they are, so nobody else may reach it.
fn on_this_machine(text: &str) -> Result<SocketAddr, String> {
    let here = text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback());
    here.ok_or_else(|| "expected an address of this machine and a port, like 127.0.0.1:8787".to_owned())
}

/// Of `legwork check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: Source,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `legwork config`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct ConfigArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: Source,
    /// Print the example with every key, its default and a comment instead
    #[arg(long)]
    pub example: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Understands the command line. Also an error when help or the version is asked for: [`refuse`] prints it.
///
/// # Errors
/// What to tell the person.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let cli = Cli::try_parse_from(args)?;
    Ok(cli.command.unwrap_or(Command::Serve(cli.serve)))
}

/// Prints why the command line is not understood (64), or the help that was asked for (0).
#[must_use]
pub fn refuse(error: &clap::Error) -> ExitCode {
    let printed = error.print().is_ok();
    if error.use_stderr() { ExitCode::from(USAGE) } else { success(printed) }
}

impl Source {
    fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(&self, env: Environment) -> Result<Config, ConfigError> {
        Config::load(self.file(), env.into_iter(), &self.set)
    }
}

impl ServeArgs {
    /// Reads and checks the configuration; `--listen` wins over everything.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(&self, env: Environment) -> Result<Config, ConfigError> {
        let mut source = self.source.clone();
        source.set.extend(self.listen.iter().map(|listen| ("server.listen".to_owned(), listen.clone())));
        source.load(env)
    }
}

impl ConfigArgs {
    /// Does `legwork config`.
    #[must_use]
    pub fn run(&self, env: Environment) -> ExitCode {
        if self.example {
            return success(print(EXAMPLE));
        }
        match effective(self.source.file(), env.into_iter(), &self.source.set) {
            Ok(text) => success(print(&text)),
            Err(error) => misconfigured(&error),
        }
    }
}

/// Prints what is wrong with the configuration (64).
#[must_use]
pub fn misconfigured(error: &ConfigError) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(USAGE)
}

/// Writes a line to the person on stderr, outside of the logs.
pub fn complain(text: &str) {
    // When stderr is closed there is nobody left to be told.
    writeln!(std::io::stderr(), "legwork: {text}").ok();
}

/// Writes a line to stdout for the person who started the program.
pub fn say(text: &str) {
    // When nobody reads it any more, the program goes on all the same.
    print(text);
}

/// Writes to stdout; false when nobody reads it any more.
fn print(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).is_ok()
}

fn success(done: bool) -> ExitCode {
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn serving_needs_no_word() {
        let source = Source { config: Some("a.toml".into()), set: vec![("tasks.drain".to_owned(), "1s".to_owned())] };
        let args = ServeArgs { source, listen: Some("127.0.0.1:0".to_owned()) };
        for line in ["legwork", "legwork serve"] {
            let line = format!("{line} --config a.toml --listen 127.0.0.1:0 --set tasks.drain=1s");
            assert_eq!(parsed(&line).expect("understood"), Command::Serve(args.clone()));
        }
        assert_eq!(parsed("legwork").expect("understood"), Command::Serve(ServeArgs::default()));
    }

    #[test]
    fn every_program_takes_its_own_flags() {
        let demo = DemoArgs { listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))), script: true };
        assert_eq!(parsed("legwork demo --script --listen 127.0.0.1:0").expect("understood"), Command::Demo(demo));
        let check = CheckArgs { json: true, ..CheckArgs::default() };
        assert_eq!(parsed("legwork check --json").expect("understood"), Command::Check(check));
        let config = ConfigArgs { example: true, ..ConfigArgs::default() };
        assert_eq!(parsed("legwork config --example").expect("understood"), Command::Config(config));
    }

    #[test]
    fn mistakes_exit_with_64_and_help_with_0() {
        let demos = ["legwork demo --config x", "legwork demo --listen nonsense", "legwork demo --listen 0.0.0.0:8787"];
        for wrong in ["legwork sreve", "legwork --sets", "legwork serve --set novalue"].into_iter().chain(demos) {
            assert_eq!(refuse(&parsed(wrong).expect_err("wrong")), ExitCode::from(USAGE), "{wrong}");
        }
        assert_eq!(refuse(&parsed("legwork --version").expect_err("the version")), ExitCode::SUCCESS);
    }

    #[test]
    fn listen_wins_over_everything() {
        let args = ServeArgs { listen: Some("127.0.0.1:9".to_owned()), ..ServeArgs::default() };
        let env = vec![("LEGWORK__SERVER__LISTEN".to_owned(), "127.0.0.1:8".to_owned())];
        assert_eq!(args.load(env).expect("valid").server.listen.port(), 9);
    }
}
