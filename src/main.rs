//! The program: arguments, then logs, then the configuration, then the application, then an exit code.

use std::process::ExitCode;

use anyhow::Context;
use legwork::app::{self, App, Pages};
use legwork::cli::{self, Command, DemoArgs, Environment};
use legwork::config::Config;
use legwork::demo::Demo;
use legwork::lifecycle::Lifecycle;
use legwork::telemetry::{self, LogSettings, Redactor};

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(error) => return cli::refuse(&error),
    };
    // A variable that is not text cannot be one of ours.
    let env: Environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let redactor = Redactor::default();
    if let Err(error) = telemetry::init(&LogSettings::from_env(env.iter().cloned()), &redactor) {
        cli::complain(&error.to_string());
        return ExitCode::from(cli::USAGE);
    }
    run(command, env, &redactor).unwrap_or_else(|error| {
        cli::complain(&redactor.redact(&format!("{error:#}")));
        if app::is_misconfigured(&error) { ExitCode::from(cli::USAGE) } else { ExitCode::FAILURE }
    })
}

fn run(command: Command, env: Environment, redactor: &Redactor) -> anyhow::Result<ExitCode> {
    match command {
        Command::Config(args) => Ok(args.run(env)),
        Command::Check(args) => runtime()?.block_on(args.run(env, app::examine_ledger)).context("cannot make an HTTP client"),
        Command::Demo(args) => runtime()?.block_on(demo(args, redactor)),
        Command::Serve(args) => match args.load(env) {
            Ok(config) => {
                redactor.learn(config.secrets());
                runtime()?.block_on(serve(config))
            }
            Err(error) => Ok(cli::misconfigured(&error)),
        },
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // Both HTTP stacks take the process's TLS provider; it is there already only when a test put it there.
    rustls::crypto::ring::default_provider().install_default().ok();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// Runs the server until it is told to stop.
async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    if config.telegram.is_none() && config.discord.is_none() {
        cli::complain(
            "no chat platform is configured: set telegram.token or discord.token (`legwork config --example` shows every key), \
             or try everything without any account: `legwork demo`",
        );
        return Ok(ExitCode::from(cli::USAGE));
    }
    let (telegram, discord) = (config.telegram.is_some(), config.discord.is_some());
    let lifecycle = Lifecycle::default();
    let app = App::build(config, lifecycle.clone(), Pages::default()).await?;
    tracing::info!(address = %app.address()?, telegram, discord, "listening");
    lifecycle.obeying_signals(Box::pin(app.run())).await.context("cannot listen for signals")??;
    Ok(ExitCode::SUCCESS)
}

/// Runs the demo until it is told to stop, or plays its script.
async fn demo(args: DemoArgs, redactor: &Redactor) -> anyhow::Result<ExitCode> {
    let demo = Demo::start(args.listen, redactor).await?;
    if args.script { Box::pin(demo.play()).await } else { Box::pin(demo.run()).await }
}
