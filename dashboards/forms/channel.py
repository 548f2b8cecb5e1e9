"""The forms of channels: where alerts go."""

from typing import Any

from django import forms
from django.core.validators import validate_email

from slatrack.alerting.models import Channel

KEEP = "leave empty to keep it"
SECURITY = [("", "the installation's"), ("none", "none"), ("starttls", "STARTTLS"), ("tls", "TLS")]


class EmailForm(forms.Form):
    """An e-mail channel; the mail server is the installation's unless one is named."""

    name = forms.CharField(max_length=100)
    enabled = forms.BooleanField(required=False, initial=True)
    to = forms.CharField(help_text="addresses, with commas")
    sender = forms.EmailField(required=False, help_text="empty: the installation's")
    host = forms.CharField(required=False, help_text="mail server; empty: the installation's")
    port = forms.IntegerField(required=False, min_value=1, max_value=65535)
    security = forms.ChoiceField(
        choices=SECURITY,
        required=False,
    )
    user = forms.CharField(required=False)
    secret = forms.CharField(
        required=False, label="Password", help_text=KEEP, widget=forms.PasswordInput
    )

    def clean_to(self) -> list[str]:
        """Return the addresses; each must be one."""
        found = [one.strip() for one in self.cleaned_data["to"].split(",") if one.strip()]
        for address in found:
            validate_email(address)
        return found

    @property
    def config(self) -> dict[str, Any]:
        """Return what the channel stores."""
        names = ("to", "sender", "host", "port", "security", "user")
        return {name: value for name in names if (value := self.cleaned_data.get(name))}


class WebhookForm(forms.Form):
    """A webhook channel, signed as Standard Webhooks say."""

    name = forms.CharField(max_length=100)
    enabled = forms.BooleanField(required=False, initial=True)
    url = forms.URLField(label="URL", assume_scheme="https", help_text="receives a signed POST")
    timeout_s = forms.FloatField(
        required=False, min_value=0.5, max_value=60, label="Timeout (s)", help_text="empty: usual"
    )
    secret = forms.CharField(
        required=False,
        label="Signing secret",
        help_text=f"whsec_…; {KEEP}, and for a new channel to have one made",
        widget=forms.PasswordInput,
    )

    def clean_secret(self) -> str:
        """Return the secret; it must be of the standard's form."""
        secret: str = self.cleaned_data["secret"]
        if secret and not secret.startswith("whsec_"):
            raise forms.ValidationError("must start with whsec_")
        return secret

    @property
    def config(self) -> dict[str, Any]:
        """Return what the channel stores."""
        names = ("url", "timeout_s")
        return {name: value for name in names if (value := self.cleaned_data.get(name))}


FORMS: dict[str, type[EmailForm] | type[WebhookForm]] = {
    Channel.Kind.EMAIL.value: EmailForm,
    Channel.Kind.WEBHOOK.value: WebhookForm,
}


def initial(channel: Channel) -> dict[str, Any]:
    """Return the fields that show a channel, without its secret."""
    config = dict(channel.config)
    if isinstance(config.get("to"), list):
        config["to"] = ", ".join(config["to"])
    return config | {"name": channel.name, "enabled": channel.enabled}
