//! A step on its way through the writer's thread: what is to be done, what came of it, and who waits for the answer.

use tokio::sync::oneshot;

use crate::adapters::ledger::steps::Step;
use crate::background::ports::LedgerError;

use super::rows::SqliteRows;

/// Who should look again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wake {
    /// Workers.
    pub(super) work: bool,
    /// Lanes.
    pub(super) notices: bool,
}

impl Wake {
    /// These and those.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { work: self.work || other.work, notices: self.notices || other.notices }
    }
}

/// A step failed. Its caller gets the reason.
#[derive(Debug)]
pub(super) struct Failed;

/// A step of any kind.
pub(super) trait Job: Send {
    /// Does the step; again, if the transaction it was done in was undone.
    fn run(&mut self, rows: &mut SqliteRows<'_>) -> Result<Wake, Failed>;

    /// Makes this the reason of a failure.
    fn fail(&mut self, error: LedgerError);

    /// Tells the caller, when nothing can change any more.
    fn reply(self: Box<Self>);
}

/// A job and the caller's end of it.
pub(super) fn job<T, F>(step: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, LedgerError>>)
where
    T: Send + 'static,
    F: FnMut(&mut SqliteRows<'_>) -> Result<Step<T>, LedgerError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(StepJob { step, done: Err(LedgerError::Closed), reply }), answer)
}

struct StepJob<T, F> {
    step: F,
    done: Result<T, LedgerError>,
    reply: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, F> Job for StepJob<T, F>
where
    T: Send,
    F: FnMut(&mut SqliteRows<'_>) -> Result<Step<T>, LedgerError> + Send,
{
    fn run(&mut self, rows: &mut SqliteRows<'_>) -> Result<Wake, Failed> {
        match (self.step)(rows) {
            Ok(Step { value, work, notices }) => {
                self.done = Ok(value);
                Ok(Wake { work, notices })
            }
            Err(error) => {
                self.done = Err(error);
                Err(Failed)
            }
        }
    }

    fn fail(&mut self, error: LedgerError) {
        self.done = Err(error);
    }

    fn reply(self: Box<Self>) {
        // Who no longer waits does not want to know.
        drop(self.reply.send(self.done));
    }
}
