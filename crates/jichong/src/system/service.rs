//! How far we are, for the service manager that started us, if one did: systemd's `Type=notify` and `WatchdogSec=`.
//!
//! A unit that waits for us starts when we answer, not when we were started; and if our threads hang for good, systemd
//! starts us anew. The watchdog asks nothing of the database: if that is down, a new start mends nothing.

/// We serve; `status` is what `systemctl status` shows, and may be told anew whenever it changes.
#[cfg(target_os = "linux")]
pub(crate) fn ready(status: &str) {
    use std::sync::Once;

    use sd_notify::NotifyState;
    static WATCHED: Once = Once::new();
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    WATCHED.call_once(watched);
}

/// Lets the service manager know again and again that our threads run, if it wants to know.
#[cfg(target_os = "linux")]
fn watched() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        // Three times within the limit, so that one late call is no reason to be killed.
        let mut tick = tokio::time::interval(limit.div_f32(3.0));
        loop {
            tick.tick().await;
            tell(&[sd_notify::NotifyState::Watchdog]);
        }
    });
}

/// We end, and may take a while to end the work in hand.
#[cfg(target_os = "linux")]
pub(crate) fn stopping() {
    tell(&[sd_notify::NotifyState::Stopping]);
}

#[cfg(target_os = "linux")]
fn tell(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told how we fare");
    }
}

/// No service manager asks here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn ready(_status: &str) {}

/// No service manager asks here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stopping() {}
