//! HTTP servers whose connections can be cut from inside a handler.
//!
//! Real networks lose a request before it was read, or an answer after it was acted upon. An ordinary handler cannot
//! do that, since whatever it returns is an answer; here it takes its [`Connection`] and cuts it. Each connection's
//! token is a child of the server's, so stopping a server also ends its long polls and its streams at once.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

/// Serves `router` on `listener` until `stop`, from a future owned by `tracker`.
pub(in crate::simulator) fn serve(listener: TcpListener, router: Router, tracker: &TaskTracker, stop: &CancellationToken) {
    let listener = CuttableListener { inner: listener, stop: stop.clone() };
    let service = router.into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    tracker.spawn(async move {
        if let Err(error) = server.await {
            tracing::warn!(%error, "a simulated server ended");
        }
    });
}

/// The connection of a request, as its handler sees it.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Connection {
    cut: CancellationToken,
}

impl Connection {
    /// Closes the connection without a further byte. The handler's own future is dropped soon after.
    pub(in crate::simulator) fn cut(&self) {
        self.cut.cancel();
    }

    /// Closes the connection and waits for the end of the handler that called this.
    pub(in crate::simulator) async fn cut_and_end<T>(&self) -> T {
        self.cut();
        std::future::pending().await
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        Self { cut: stream.io().cut.clone() }
    }
}

/// Accepts connections that can be cut.
struct CuttableListener {
    inner: TcpListener,
    stop: CancellationToken,
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        loop {
            match self.inner.accept().await {
                Ok((stream, address)) => {
                    // Without it small chunks of a streamed answer wait for each other; a failure only costs time.
                    stream.set_nodelay(true).ok();
                    return (CuttableStream::new(stream, self.stop.child_token()), address);
                }
                // Out of file descriptors, or the peer left early: neither ends the server.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A socket that reads as closed and writes as reset once it was cut.
struct CuttableStream {
    inner: TcpStream,
    cut: CancellationToken,
    was_cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl CuttableStream {
    fn new(inner: TcpStream, cut: CancellationToken) -> Self {
        let was_cut = Box::pin(cut.clone().cancelled_owned());
        Self { inner, cut, was_cut }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // The check before the poll keeps the finished future from being polled again.
        if self.cut.is_cancelled() || self.was_cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.is_cancelled() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
