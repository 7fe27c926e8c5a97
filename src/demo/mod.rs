//! `legwork demo`: the whole real server over the simulator, in one process, without any account.
//!
//! The server is the same as in production: the real adapters speak the real protocols to servers on loopback ports. Only
//! its configuration is made here, and its ledger is a file in a folder that goes away with the demo.

mod folder;
mod script;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Pages};
use crate::config::Config;
use crate::demo::folder::Folder;
use crate::lifecycle::Lifecycle;
use crate::simulator::page;
use crate::simulator::platforms::Platforms;
use crate::telemetry::Redactor;

/// Where the page is unless told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);

/// A demo, put together and not yet running.
pub struct Demo {
    app: App,
    address: SocketAddr,
    lifecycle: Lifecycle,
    stage: Platforms,
    servers: TaskTracker,
    stop: CancellationToken,
    // Last, so that the files go when everything that uses them has gone.
    _folder: Folder,
}

impl Demo {
    /// Starts the platforms and puts a server over them together; the page is served at `listen`.
    ///
    /// # Errors
    /// When a port cannot be bound or the temporary folder cannot be made.
    pub async fn start(listen: Option<SocketAddr>, redactor: &Redactor) -> anyhow::Result<Self> {
        let (servers, stop) = (TaskTracker::new(), CancellationToken::new());
        let stage = Platforms::start(&servers, &stop).await.context("no port for the platforms")?;
        let folder = Folder::make().context("cannot make a temporary folder")?;
        let config = Config::of(&stage.settings(folder.path(), &listen.unwrap_or(LISTEN).to_string()))?;
        redactor.learn(config.secrets());
        let lifecycle = Lifecycle::default();
        let router = page::router(&stage.telegram, &stage.discord, &stage.model, lifecycle.soft.clone());
        let pages = Pages { router, links: &[("/demo", "The demo: both chats and the model")] };
        let app = App::build(config, lifecycle.clone(), pages).await.context("no demo; --listen takes another address")?;
        let address = app.address()?;
        Ok(Self { app, address, lifecycle, stage, servers, stop, _folder: folder })
    }

    /// Serves until a signal.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        crate::cli::say(&format!("The demo is at http://{}/demo (Ctrl-C ends it).", self.address));
        self.lifecycle.obeying_signals(Box::pin(self.app.run())).await??;
        self.stop.cancel();
        self.servers.close();
        Ok(ExitCode::SUCCESS)
    }

    /// Plays the fixed conversation; the exit code says whether every step did what it should.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn play(self) -> anyhow::Result<ExitCode> {
        let Self { app, lifecycle, stage, servers, stop, .. } = self;
        let play = async {
            let played = script::play(&stage, &lifecycle).await;
            lifecycle.soft.cancel();
            played
        };
        let (ended, played) = tokio::join!(app.run(), play);
        stop.cancel();
        servers.close();
        ended?;
        match played {
            Ok(steps) => crate::cli::say(&format!("\nAll {steps} steps did what they should.")),
            Err(failed) => {
                crate::cli::complain(&failed.to_string());
                return Ok(ExitCode::FAILURE);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
