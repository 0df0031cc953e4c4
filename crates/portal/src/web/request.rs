//! Each request has an id, a span in the log and its place in the metrics.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::App;

/// Names one request, in the log and on error pages.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id and span. The id is always ours: one from outside could pretend to be another request.
///
/// The span names the route, not the address: order numbers and intents stay out of the log.
pub(crate) async fn follow(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId(hex::encode(app.house.random::<8>()).into());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let span = tracing::info_span!("request", %id, %method, route = tracing::field::Empty);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Counts and times the request by its route; runs inside the router, where the route is known.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none".into(), |path| path.as_str().to_owned());
    tracing::Span::current().record("route", route.as_str());
    let method = request.method().as_str().to_owned();
    let start = Instant::now();
    let response = next.run(request).await;
    let took = start.elapsed();
    let status = response.status().as_str().to_owned();
    tracing::debug!(status, took_us = took.as_micros(), "answered");
    metrics::histogram!("jichong_http_seconds", "route" => route.clone(), "method" => method.clone())
        .record(took.as_secs_f64());
    metrics::counter!("jichong_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
    response
}
