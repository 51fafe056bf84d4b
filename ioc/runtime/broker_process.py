"""The embedded broker's own process: `python -m ioc.runtime.broker_process CONFIG.toml`; imports nothing else."""

import logging
import sys

from iotcore.iotcore import IotCoreBroker


def main(config: str) -> None:
    """Serve until the process is killed; the broker has no shutdown of its own."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It writes a line for every packet otherwise, at the level of an error.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    IotCoreBroker(config_path=config).run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
