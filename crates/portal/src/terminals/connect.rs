//! The terminals' endpoint: enrolment over HTTP, then a WebSocket whose text frames go to the business and back.

use std::time::Duration;

use axum::Json;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use topup::House;
use topup::terminals::{self, EnrolError, NotFresh};

use crate::App;
use crate::web::address::Address;
use crate::web::problem::Problem;

/// Messages waiting in either direction: a terminal that sends more faster than we work is made to wait.
const BACKLOG: usize = 32;

/// How often we ask whether the terminal is still there: well within what proxies wait for a silent connection.
const PING: Duration = Duration::from_secs(5);

/// A terminal that neither answers a ping nor takes a message for so long is gone.
const GONE: Duration = Duration::from_secs(16);

/// `POST /link/enrol`
pub(crate) async fn enrol(State(app): State<App>, address: Address, request: Request) -> Result<Response, Problem> {
    app.throttle.attempt(address)?;
    let Json(enrol) = match Json::<link::Enrol>::from_request(request, &app).await {
        Ok(sent) => sent,
        Err(rejection) => return Ok(refused(rejection.status(), &rejection.body_text())),
    };
    match terminals::enrol(&app.house, &enrol, &address.0.to_string()).await {
        Ok(enrolled) => Ok(Json(enrolled).into_response()),
        Err(error @ (EnrolError::Code | EnrolError::Key)) => Ok(refused(StatusCode::FORBIDDEN, &error.to_string())),
        Err(EnrolError::Storage(error)) => Err(error.into()),
    }
}

/// `GET /link/about`
pub(crate) async fn about(State(app): State<App>) -> Json<link::About> {
    Json(link::About {
        name: "jichong".to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        version: link::VERSION,
        now_us: app.house.now().0,
    })
}

/// `POST /link/standing`
pub(crate) async fn standing(State(app): State<App>, address: Address, request: Request) -> Result<Response, Problem> {
    app.throttle.attempt(address)?;
    let Json(asked) = match Json::<link::AskStanding>::from_request(request, &app).await {
        Ok(sent) => sent,
        Err(rejection) => return Ok(refused(rejection.status(), &rejection.body_text())),
    };
    match terminals::standing(&app.house, &asked).await {
        Ok(standing) => Ok(Json(standing).into_response()),
        Err(error @ NotFresh::Old) => Ok(refused(StatusCode::FORBIDDEN, &error.to_string())),
        Err(NotFresh::Storage(error)) => Err(error.into()),
    }
}

fn refused(status: StatusCode, words: &str) -> Response {
    (status, Json(serde_json::json!({ "error": words }))).into_response()
}

/// `GET /link`
pub(crate) async fn connect(State(app): State<App>, address: Address, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(link::MAX_MESSAGE)
        .max_frame_size(link::MAX_MESSAGE)
        .on_upgrade(move |socket| pump(app.house, address, socket))
}

/// Carries text frames between the socket and the business until either ends.
async fn pump(house: House, address: Address, socket: WebSocket) {
    let (heard, inbox) = mpsc::channel::<String>(BACKLOG);
    let (outbox, mut said) = mpsc::channel::<String>(BACKLOG);
    let work = tokio::spawn(async move {
        terminals::attend_from(&house, &address.0.to_string(), inbox, outbox).await;
    });
    let (mut sink, mut stream) = socket.split();
    let hear = async move {
        loop {
            match timeout(GONE, stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    if heard.send(text.to_string()).await.is_err() {
                        break;
                    }
                }
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                // Binary frames are not part of the link; an error, silence and the end are all the end.
                Ok(Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None) | Err(_) => break,
            }
        }
    };
    let say = async move {
        let mut ping = interval(PING);
        loop {
            let message = tokio::select! {
                text = said.recv() => match text {
                    Some(text) => Message::Text(text.into()),
                    None => break,
                },
                _ = ping.tick() => Message::Ping(Vec::new().into()),
            };
            if !matches!(timeout(GONE, sink.send(message)).await, Ok(Ok(()))) {
                break;
            }
        }
        sink.close().await.ok();
    };
    // Whichever ends first drops its half of the channels, which tells the business; it then ends by itself, with a
    // load in flight brought to a true state first.
    tokio::select! {
        () = hear => {}
        () = say => {}
    }
    if let Err(error) = work.await {
        tracing::error!(%error, "the work at a terminal stopped");
    }
}
