"""The kinds of channels: one file each, which turns a letter into a reply."""

from slatrack.alerting.models import Channel
from slatrack.alerting.sending import email, webhook
from slatrack.alerting.sending.letters import Letter, Reply

__all__ = ["Letter", "Reply", "send"]

_SENDERS = {Channel.Kind.EMAIL: email.send, Channel.Kind.WEBHOOK: webhook.send}


def send(channel: Channel, letter: Letter) -> Reply:
    """Send a letter through a channel and return what came of it.

    Blocks for at most `letters.LONGEST`. Never raises for what the outside does; the secrets of
    the channel are masked in the reply.
    """
    reply = _SENDERS[Channel.Kind(channel.kind)](channel, letter)
    return reply.masked(channel.secret)
