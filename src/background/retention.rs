//! Forgets what ended long ago.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::background::ports::{Clock, Ledger};

/// How often to look.
const EVERY: Duration = Duration::from_hours(1);

/// Prunes finished tasks that ended longer than `keep` ago, now and every hour, until `stop` is cancelled.
///
/// # Cancel safety
/// Dropping the future loses nothing.
pub async fn run(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, keep: Duration, stop: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let Some(ended_before) = chrono::Duration::from_std(keep).ok().and_then(|keep| clock.now().checked_sub_signed(keep))
        else {
            return;
        };
        // After a long time there is much to forget, and a stop must not wait for that.
        let Some(pruned) = stop.run_until_cancelled(ledger.prune(ended_before)).await else { return };
        match pruned {
            Ok(0) => {}
            Ok(tasks) => tracing::info!(tasks, "old finished tasks were pruned"),
            Err(error) => tracing::warn!(error = %error, "old finished tasks cannot be pruned; trying again"),
        }
    }
}
