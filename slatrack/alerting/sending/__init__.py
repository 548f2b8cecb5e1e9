"""The kinds of channels: one file each, which turns a letter into a reply."""

import logging

from slatrack.alerting.models import Channel
from slatrack.alerting.sending import email, webhook
from slatrack.alerting.sending.letters import Letter, Outcome, Reply

__all__ = ["Letter", "Reply", "send"]

logger = logging.getLogger(__name__)

_SENDERS = {Channel.Kind.EMAIL: email.send, Channel.Kind.WEBHOOK: webhook.send}


def send(channel: Channel, letter: Letter) -> Reply:
    """Send a letter through a channel and return what came of it.

    Blocks for at most `letters.LONGEST`. Never raises; the secrets of the channel are masked in the
    reply.
    """
    try:
        reply = _SENDERS[Channel.Kind(channel.kind)](channel, letter)
    except Exception as exc:
        logger.exception("channel %s cannot send", channel.name)
        reply = Reply(Outcome.RETRY, error=f"slatrack failed: {type(exc).__name__}, see its log")
    return reply.masked(channel.secret)
