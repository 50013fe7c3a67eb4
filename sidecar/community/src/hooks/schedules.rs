//! What scripts do again and again: each time once, whichever sidecar is there, and once for all that was missed.

use std::sync::PoisonError;

use realmgate_protocol::cron::Cron;

use super::Hooks;

/// A plugin, its function, and when that is called.
pub(super) type Schedule = (String, String, String);

impl Hooks {
    /// Makes those calls due whose time has come.
    ///
    /// # Errors
    /// When the database cannot be asked. What is not done then is done later.
    pub(super) async fn keep_schedules(&self) -> sqlx::Result<()> {
        for state in self.plugins.states() {
            for function in state.functions {
                if let Some(cron) = function.schedule {
                    self.keep_schedule((state.name.clone(), function.name, cron)).await?;
                }
            }
        }
        Ok(())
    }

    async fn keep_schedule(&self, schedule: Schedule) -> sqlx::Result<()> {
        // It was checked when the script was loaded.
        let last = schedule.2.parse::<Cron>().ok().and_then(|cron| cron.at_or_before(self.now_ms()));
        let Some(last_ms) = last else { return Ok(()) };
        if self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(&schedule) == Some(&last_ms) {
            return Ok(());
        }
        let (plugin, hook, cron) = (&schedule.0, &schedule.1, &schedule.2);
        self.sources.store.reach(plugin, hook, cron, last_ms).await?;
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).insert(schedule, last_ms);
        Ok(())
    }
}
