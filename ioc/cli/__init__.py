"""The command line: `ioc`; each command's own imports wait until it is called."""

import sys
from importlib import import_module
from typing import Any, Final

import typer
from typer._click.exceptions import ClickException  # the base of all complaints about wrong use
from typer.core import TyperCommand, TyperGroup

from ioc.model.faults import Fault

COMMANDS: Final = {
    "demo": ("ioc.cli.demo:demo", "Show a living city with one command."),
    "run": ("ioc.cli.run:run", "Run the line against your broker and store."),
    "camera": ("ioc.cli.camera:camera_app", "Try, list and run cameras; install what they are looked at with."),
    "codec": ("ioc.cli.codec:codec_app", "List, check and try codecs."),
    "rules": ("ioc.cli.rules:rules_app", "Check, test, tune and explain rules."),
    "history": ("ioc.cli.history:history_app", "Say what of the past is kept; take it out."),
    "simulate": ("ioc.cli.simulate:simulate", "Play a city's devices against a broker."),
    "record": ("ioc.cli.record:record", "Write what devices say to a file."),
    "replay": ("ioc.cli.replay:replay", "Publish again what was recorded."),
    "assets": ("ioc.cli.assets:assets_app", "Register the city's assets, and list them."),
    "city": ("ioc.cli.city:city_app", "Say which city this is."),
    "config": ("ioc.cli.config:config_app", "Show what is configured, and from where."),
    "doctor": ("ioc.cli.doctor:doctor", "Check what the line needs in order to run."),
}
"""Each command: where it is, and its line of help."""


class LazyCommands(TyperGroup):
    """Knows its commands by name and help, and imports one only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is Typer's
        """Name the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is Typer's
        """Give what the help needs of a command: its name and its line."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Import the command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_command(name), rest


def load_command(name: str) -> Any:
    """Import a command and build it."""
    place, line = COMMANDS[name]
    module, attribute = place.split(":")
    target = getattr(import_module(module), attribute)
    if not isinstance(target, typer.Typer):
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, help=target.__doc__ or line)(target)
        target = app
    command = typer.main.get_command(target)
    command.name = name
    return command


app = typer.Typer(
    name="ioc",
    cls=LazyCommands,
    help="Event processor of an Intelligent Operations Center: MQTT in, incidents out, a live map.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Event processor of an Intelligent Operations Center: MQTT in, incidents out, a live map."""


def main() -> None:
    """Run the command line; a `Fault` is one sentence on standard error and an exit status."""
    try:
        status = app(standalone_mode=False)
    except ClickException as wrong:
        context = getattr(wrong, "ctx", None)
        path = "ioc" if context is None else context.command_path
        sys.stderr.write(f"ioc: {wrong.format_message().rstrip('.')}; see {path} --help\n")
        sys.exit(wrong.exit_code)
    except typer.Abort:
        sys.exit(130)
    except Fault as fault:
        from ioc.runtime.redaction import redact  # noqa: PLC0415 - only where something is wrong

        sys.stderr.write(f"ioc: {redact(str(fault))}\n")
        sys.exit(2 if fault.wrong_use else 1)
    sys.exit(status if isinstance(status, int) else 0)
