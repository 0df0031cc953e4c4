//! The line to vsmartcard's virtual reader: the card connects, the reader asks.
//!
//! Two bytes of length, big-endian, then so many bytes. One byte from the reader is a word of its own: 00 power off, 01
//! power on, 02 reset, 04 say your answer to reset, which it asks for all the time. Only that one and commands are
//! answered.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long the connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What the reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Off,
    On,
    Reset,
    Atr,
    Command(Vec<u8>),
}

/// The reader at the other end; dropping it takes the card off it.
#[derive(Debug)]
pub(super) struct Reader {
    asks: mpsc::Receiver<Ask>,
    write: OwnedWriteHalf,
    task: JoinHandle<()>,
}

impl Reader {
    pub(super) async fn connect(address: &str) -> io::Result<Self> {
        let stream = timeout(CONNECT_LIMIT, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let (to_card, asks) = mpsc::channel(16);
        // A frame is read in a task of its own, so that waiting for one can be given up in the middle of it.
        let task = tokio::spawn(listen(read, to_card));
        Ok(Self { asks, write, task })
    }

    /// What the reader wants next; nothing if it is gone.
    pub(super) async fn ask(&mut self) -> Option<Ask> {
        self.asks.recv().await
    }

    /// Waits until the reader is gone.
    pub(super) async fn gone(&mut self) {
        (&mut self.task).await.ok();
    }

    pub(super) async fn answer(&mut self, answer: &[u8]) -> io::Result<()> {
        self.write.write_all(&framed(answer)).await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads what the reader wants until it is gone or nobody listens.
async fn listen(mut read: OwnedReadHalf, to_card: mpsc::Sender<Ask>) {
    while let Ok(length) = read.read_u16().await {
        let mut frame = vec![0; usize::from(length)];
        if read.read_exact(&mut frame).await.is_err() {
            return;
        }
        if let Some(ask) = understood(frame)
            && to_card.send(ask).await.is_err()
        {
            return;
        }
    }
}

/// What a frame means; nothing for a word that is not known.
fn understood(frame: Vec<u8>) -> Option<Ask> {
    match frame.as_slice() {
        [0x00] => Some(Ask::Off),
        [0x01] => Some(Ask::On),
        [0x02] => Some(Ask::Reset),
        [0x04] => Some(Ask::Atr),
        [] | [_] => None,
        _ => Some(Ask::Command(frame)),
    }
}

/// An answer as it travels; no answer of a card comes near the longest one.
fn framed(answer: &[u8]) -> Vec<u8> {
    let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
    let answer = answer.get(..usize::from(length)).unwrap_or(answer);
    [&length.to_be_bytes(), answer].concat()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_reader_is_understood_however_its_frames_arrive() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let mut card = Reader::connect(&address).await.expect("connected");
        let (mut reader, _) = listener.accept().await.expect("a card");
        let frames = [&[0, 1, 4, 0][..], &[1], &[1, 0, 0, 0, 1, 9, 0, 1, 2, 0, 5, 0x80], &[0x5C, 0, 2, 4, 0, 1, 0]];
        for part in frames {
            reader.write_all(part).await.expect("sent");
            reader.flush().await.expect("sent");
            tokio::task::yield_now().await;
        }
        let command = Ask::Command(vec![0x80, 0x5C, 0, 2, 4]);
        for expected in [Ask::Atr, Ask::On, Ask::Reset, command, Ask::Off] {
            assert_eq!(card.ask().await, Some(expected));
        }
        card.answer(&[0x90, 0x00]).await.expect("answered");
        let mut answer = [0; 4];
        reader.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, [0, 2, 0x90, 0x00]);
        reader.write_all(&[0, 9, 1]).await.expect("sent");
        drop(reader);
        assert_eq!(card.ask().await, None, "a frame that broke off is nothing");
    }
}
