//! Waits for news about one terminal.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, unfold};
use tokio::time::timeout;
use topup::House;
use topup::terminals::{TerminalNumber, topic};

use crate::web::problem::Problem;

/// Hears what is signalled about one terminal, and looks up once in a while in any case.
pub(super) struct Follow {
    news: BoxStream<'static, ()>,
    poll: Duration,
}

impl Follow {
    /// Hears every signal about `number` that is sent after this returns.
    pub(super) async fn terminal(house: &House, number: TerminalNumber) -> Result<Self, Problem> {
        let heard = (house.db.listen().await?, topic(number));
        let news = unfold(heard, |(mut listener, topic)| async move {
            while !listener.next().await.concerns(&topic) {}
            Some(((), (listener, topic)))
        });
        Ok(Self { news: news.boxed(), poll: house.settings.poll })
    }

    /// Returns when there may be news.
    pub(super) async fn next(&mut self) {
        // That the time is up is as good a reason to look as a signal.
        timeout(self.poll, self.news.next()).await.ok();
    }
}
