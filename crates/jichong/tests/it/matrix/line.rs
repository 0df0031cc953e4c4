//! The line between terminal and server: a small proxy that sees every message in order, and can lose, delay and cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use link::{FromTerminal, ToTerminal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::frame;
use super::site::Site;
use super::stage::{Cut, Fault, Place, When};

/// The line: one address for as long as the test lives, whichever server is behind it.
pub(super) struct Line {
    address: SocketAddr,
    connections: Mutex<Vec<watch::Sender<Flow>>>,
}

/// How one connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flow {
    up: Way,
    down: Way,
    /// Ends that we have closed.
    terminal_closed: bool,
    server_closed: bool,
    /// One end was cut without the other: what either does now is not told to the other.
    parted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Open,
    Held,
    Lost,
}

impl Line {
    /// A line at a free port, and what carries it.
    pub(super) async fn lay() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (Self { address, connections: Mutex::default() }, listener)
    }

    /// Where terminals connect.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts every connection.
    pub(super) fn cut(&self, cut: Cut) {
        self.connections().iter().for_each(|connection| connection.send_modify(|flow| flow.cut(cut)));
    }

    /// Lets through what was held, and ends what was struck in another way: the terminal then connects anew.
    pub(super) fn mend(&self) {
        for connection in &*self.connections() {
            connection.send_modify(|flow| {
                if flow.up == Way::Lost || flow.down == Way::Lost {
                    flow.cut(Cut::Both);
                }
                let released = |way| if way == Way::Held { Way::Open } else { way };
                (flow.up, flow.down) = (released(flow.up), released(flow.down));
            });
        }
    }

    fn connections(&self) -> MutexGuard<'_, Vec<watch::Sender<Flow>>> {
        let mut connections = self.connections.lock().expect("nobody panicked with it");
        connections.retain(|connection| connection.receiver_count() > 0);
        connections
    }
}

impl Flow {
    fn cut(&mut self, cut: Cut) {
        (self.up, self.down) = (Way::Lost, Way::Lost);
        self.terminal_closed |= cut != Cut::ServerEnd;
        self.server_closed |= cut != Cut::TerminalEnd;
        self.parted = cut != Cut::Both;
    }

    fn way(self, place: Place) -> Way {
        if place == Place::Up { self.up } else { self.down }
    }

    fn set_way(&mut self, place: Place, way: Way) {
        *if place == Place::Up { &mut self.up } else { &mut self.down } = way;
    }

    /// Whether the end that a direction leads to is closed.
    fn leads_nowhere(self, place: Place) -> bool {
        if place == Place::Up { self.server_closed } else { self.terminal_closed }
    }
}

/// Carries connections for ever.
pub(super) async fn carry(site: Arc<Site>, listener: TcpListener) {
    loop {
        let (terminal, _) = listener.accept().await.expect("a listener listens");
        let Some(address) = site.server.address() else { continue };
        let Ok(server) = TcpStream::connect(address).await else { continue };
        terminal.set_nodelay(true).and(server.set_nodelay(true)).ok();
        let (from_terminal, to_terminal) = terminal.into_split();
        let (from_server, to_server) = server.into_split();
        let flow = watch::Sender::new(Flow::default());
        let pump = |place, from, to| {
            let (site, flow) = (Arc::clone(&site), flow.clone());
            let heard = flow.subscribe();
            Pump { site, place, from, to, flow, heard, waiting: Vec::new(), upgraded: false, closed: false }
        };
        tokio::spawn(pump(Place::Up, from_terminal, to_server).work());
        tokio::spawn(pump(Place::Down, from_server, to_terminal).work());
        site.line.connections().push(flow);
    }
}

/// One direction of a connection.
struct Pump {
    site: Arc<Site>,
    place: Place,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    flow: watch::Sender<Flow>,
    heard: watch::Receiver<Flow>,
    waiting: Vec<u8>,
    /// Whether the head of HTTP is over.
    upgraded: bool,
    /// Whether we have closed the end that this leads to.
    closed: bool,
}

impl Pump {
    async fn work(mut self) {
        loop {
            self.pass_on().await;
            tokio::select! {
                read = self.from.read_buf(&mut self.waiting) => if !matches!(read, Ok(1..)) { break },
                changed = self.heard.changed() => changed.expect("we hold the sender"),
            }
            self.close_if_told().await;
        }
        self.flow.send_modify(|flow| {
            if !flow.parted {
                flow.cut(Cut::Both);
            }
        });
        while !self.closed {
            self.close_if_told().await;
            self.heard.changed().await.expect("we hold the sender");
        }
    }

    async fn close_if_told(&mut self) {
        if !self.closed && self.heard.borrow_and_update().leads_nowhere(self.place) {
            self.closed = true;
            // Only our half: what comes the other way is still read, so that nothing on its way is destroyed.
            self.to.shutdown().await.ok();
        }
    }

    /// Passes on everything that is whole.
    async fn pass_on(&mut self) {
        loop {
            let (length, text) = if self.upgraded {
                let Some(frame) = frame::first(&self.waiting) else { return };
                (frame.length, frame.text)
            } else {
                let Some(head) = frame::end_of_head(&self.waiting) else { return };
                self.upgraded = true;
                (head, None)
            };
            let piece: Vec<u8> = self.waiting.drain(..length).collect();
            let name = text.and_then(|text| name(self.place, &text));
            let fault = name.and_then(|name| self.site.stage.comes(self.place, name));
            if let Some(fault) = fault {
                self.strike(fault, &piece).await;
                self.site.stage.has_struck();
            }
            if fault.is_none_or(|fault| !matches!(fault, Fault::Cut(_, When::After))) {
                self.send(&piece).await;
            }
        }
    }

    async fn strike(&mut self, fault: Fault, piece: &[u8]) {
        let place = self.place;
        match fault {
            Fault::Removed(_) => self.site.desk.remove(),
            Fault::TerminalKilled(_) | Fault::ServerKilled(_) => {
                self.flow.send_modify(|flow| (flow.up, flow.down) = (Way::Lost, Way::Lost));
                let site = Arc::clone(&self.site);
                spawn_blocking(move || site.strike(fault, When::Before)).await.expect("killed");
            }
            Fault::Cut(cut, when) => {
                if when == When::After {
                    self.send(piece).await;
                }
                self.flow.send_modify(|flow| flow.cut(cut));
            }
            Fault::Deaf => self.flow.send_modify(|flow| flow.set_way(place, Way::Lost)),
            Fault::Late => self.flow.send_modify(|flow| flow.set_way(place, Way::Held)),
        }
    }

    async fn send(&mut self, piece: &[u8]) {
        let place = self.place;
        self.heard.wait_for(|flow| flow.way(place) != Way::Held).await.expect("we hold the sender");
        if self.heard.borrow().way(place) == Way::Open && !self.closed {
            // The other end may be gone; its own direction finds that out.
            self.to.write_all(piece).await.ok();
        }
    }
}

/// A message's name; none if it is not about a card, but about the connection or the terminal's health.
fn name(place: Place, text: &str) -> Option<String> {
    if place == Place::Up {
        match FromTerminal::parse(text).expect("a terminal keeps to the rules") {
            FromTerminal::Hello { .. }
            | FromTerminal::Proof { .. }
            | FromTerminal::Health(_)
            | FromTerminal::Readers { .. } => None,
            FromTerminal::Inserted(_) => Some("inserted".into()),
            FromTerminal::Removed { .. } => Some("removed".into()),
            FromTerminal::Done(done) => Some(format!("done {}", script(&done.script))),
        }
    } else {
        match ToTerminal::parse(text).expect("a server keeps to the rules") {
            ToTerminal::Challenge { .. }
            | ToTerminal::Welcome { .. }
            | ToTerminal::Refused { .. }
            | ToTerminal::Check { .. } => None,
            ToTerminal::Run(run) => Some(format!("run {}", script(&run.id))),
            ToTerminal::Ack { script: id } => Some(format!("ack {}", script(&id))),
        }
    }
}

/// What a script is for, by its id: an order number alone is the order to take the money.
fn script(id: &str) -> &str {
    id.split('-').find(|part| ["see", "init", "prove", "probe"].contains(part)).unwrap_or("credit")
}
