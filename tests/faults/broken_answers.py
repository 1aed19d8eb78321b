"""Faults of single answers: what a network, a proxy or an overloaded service does to them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.aws_proxy import RESET, Delivery, Exchange, Fault, Reply, Request

_PAGE: Final = b"<html><head><title>503</title></head><body><h1>Please wait</h1></body></html>"


def cut(draw: random.Random) -> Fault:
    """The body breaks off, and the connection is closed."""
    share = draw.random()

    def fault(exchange: Exchange) -> Delivery:
        reply = exchange.forward()
        if not reply.body:
            return Delivery(reply.head[:-2], then="close")
        kept = min(int(share * len(reply.body)), len(reply.body) - 1)
        return Delivery(reply.head + reply.body[:kept], then="close")

    return fault


def half_head(draw: random.Random) -> Fault:
    """The connection is closed within the head of the response."""
    share = draw.random()

    def fault(exchange: Exchange) -> Delivery:
        head = exchange.forward().head
        return Delivery(head[: max(1, int(share * (len(head) - 4)))], then="close")

    return fault


def empty(draw: random.Random) -> Fault:
    """Status 200 without a body, whether AWS carried out the request or not."""
    done = draw.random() < 0.5

    def fault(exchange: Exchange) -> Delivery:
        reply = exchange.forward() if done else None
        headers = reply.headers if reply is not None else ()
        kept = tuple(
            (name, value) for name, value in headers if name.lower() not in ("x-amz-crc32", "content-length")
        )
        return Delivery(Reply(200, kept, b"").wire, then="close")

    return fault


def html(draw: random.Random) -> Fault:
    """A page of a gateway or a captive portal, whether AWS carried out the request or not."""
    done = draw.random() < 0.5
    status = draw.choice((200, 200, 502, 503))

    def fault(exchange: Exchange) -> Delivery:
        if done:
            exchange.forward()
        reply = Reply(status, (("Content-Type", "text/html"),), _PAGE)
        return Delivery(reply.head if exchange.request.method == "HEAD" else reply.wire, then="close")

    return fault


def flipped_bit(draw: random.Random) -> Fault:
    """One bit of the body is another; of the head where there is no body."""
    share, bit = draw.random(), 1 << draw.randrange(8)

    def fault(exchange: Exchange) -> Delivery:
        reply = exchange.forward()
        head, body = bytearray(reply.head), bytearray(reply.body)
        broken = body or head
        broken[int(share * len(broken))] ^= bit
        return Delivery(bytes(head + body), then="close")

    return fault


def slow(draw: random.Random) -> Fault:
    """The answer trickles in."""
    seconds = draw.uniform(1.0, 2.0)
    return lambda exchange: Delivery(exchange.forward().wire, seconds=seconds)


def throttled(draw: random.Random) -> Fault:
    """The service asks to slow down, in its own form."""
    return lambda exchange: Delivery(_error(exchange.request, **_THROTTLES).wire)


def server_error(draw: random.Random) -> Fault:
    """5xx in the service's own form; AWS may have carried out the request."""
    done = draw.random() < 0.5

    def fault(exchange: Exchange) -> Delivery:
        if done:
            exchange.forward()
        return Delivery(_error(exchange.request, **_SERVER_ERRORS).wire)

    return fault


def reset(draw: random.Random) -> Fault:
    """The connection is reset, before or after AWS carried out the request."""
    done = draw.random() < 0.5

    def fault(exchange: Exchange) -> Delivery:
        if done:
            exchange.forward()
        return RESET

    return fault


def denied(draw: random.Random) -> Fault:
    """The permission for this operation is missing."""
    return lambda exchange: Delivery(_error(exchange.request, **_DENIALS).wire)


def expired(draw: random.Random) -> Fault:
    """The credentials that signed the request have expired."""
    return lambda exchange: Delivery(_error(exchange.request, **_EXPIRED).wire)


BROKEN_ANSWERS: Final[Mapping[str, tuple[Callable[[random.Random], Fault], ...]]] = {
    "cut": (cut, half_head),
    "replaced": (empty, html),
    "flipped-bit": (flipped_bit,),
    "refused": (throttled, server_error, reset, denied, slow),
}
"""By kind; the seeds take the faults of a kind in turn, so that five seeds meet all of them."""

_Form = tuple[int, str, str]
# For each service: status, code, message.
_THROTTLES: Final[dict[str, _Form]] = {
    "json": (400, "ThrottlingException", "Rate exceeded"),
    "s3": (503, "SlowDown", "Please reduce your request rate."),
    "sts": (400, "Throttling", "Rate exceeded"),
}
_SERVER_ERRORS: Final[dict[str, _Form]] = {
    "json": (500, "InternalServerError", "The request processing has failed"),
    "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
    "sts": (503, "ServiceUnavailable", "Service is unable to handle request."),
}
_DENIALS: Final[dict[str, _Form]] = {
    "json": (400, "AccessDeniedException", "User is not authorized to perform this action"),
    "s3": (403, "AccessDenied", "Access Denied"),
    "sts": (403, "AccessDenied", "User is not authorized to perform this action"),
}
_EXPIRED: Final[dict[str, _Form]] = {
    "json": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "s3": (400, "ExpiredToken", "The provided token has expired."),
    "sts": (403, "ExpiredToken", "The security token included in the request is expired"),
}


def _error(request: Request, *, json: _Form, s3: _Form, sts: _Form) -> Reply:
    """An error in the form of the service that the request is for."""
    if request.service == "s3":
        status, code, message = s3
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        headers = (("Content-Type", "application/xml"),)
        return Reply(status, headers, b"" if request.method == "HEAD" else body.encode())
    if request.service == "sts":
        status, code, message = sts
        body = (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
            f"<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        return Reply(status, (("Content-Type", "text/xml"),), body.encode())
    status, code, message = json
    return json_error(status, code, message)


def json_error(status: int, code: str, message: str) -> Reply:
    """An error of DynamoDB and other services that speak JSON."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message})
    return Reply(status, (("Content-Type", "application/x-amz-json-1.0"),), body.encode())
