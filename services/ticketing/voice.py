"""What a loudspeaker says of a call; and the server's own voice, for screens whose browser speaks no Indonesian."""

import io
import re
import shutil
import subprocess
import threading
import wave
from collections.abc import Callable
from functools import lru_cache

from services.chassis.errors import NotFound, Unavailable

PROGRAM = "espeak-ng"
SPEED = 135  # words a minute: a hall echoes
LONGEST = 5.0  # seconds to wait for a clip
REMEMBERED = 128  # clips of about 200 kB


class NoVoice(NotFound):
    """This server cannot speak: espeak-ng is not installed, or does not know the language."""


class VoiceSilent(Unavailable):
    """The voice did not finish its clip."""


def announcement(say: Callable[..., str], number: str, counter: str) -> str:
    """The sentence for a call, in the language of `say`: letters and digits of the number one by one.

    "B-012" at "G02" is "Nomor antrean B nol satu dua, silakan ke gerai dua". `hall-voice.js` says the same.
    """
    digits = re.fullmatch(r"\D*0*(\d+)", counter)
    spoken = digits[1] if digits and len(digits[1]) > 1 else _spelled(say, digits[1] if digits else counter)
    return say("announce.call", number=_spelled(say, number), counter=spoken)


def _spelled(say: Callable[..., str], code: str) -> str:
    return " ".join(say(f"announce.digit.{sign}") if sign.isdecimal() else sign for sign in code if sign.isalnum())


class Voice:
    """Clips of espeak-ng, one at a time and each kept for the next screen. One per process; thread-safe."""

    def __init__(self) -> None:
        self._program = installed()
        self._mutex = threading.Lock()
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._clip)

    def clip(self, language: str, sentence: str) -> bytes:
        """The sentence as a WAV file. Raises `NoVoice` and `VoiceSilent`."""
        with self._mutex:
            return self._remembered(language, sentence)

    def _clip(self, language: str, sentence: str) -> bytes:
        if not self._program:
            raise NoVoice()
        command = [self._program, "-v", language, "-s", str(SPEED), "--stdin", "--stdout"]
        try:
            done = subprocess.run(command, input=sentence.encode(), capture_output=True, timeout=LONGEST, check=True)  # noqa: S603
        except subprocess.CalledProcessError:
            raise NoVoice() from None
        except (OSError, subprocess.TimeoutExpired):
            raise VoiceSilent() from None
        return _with_its_length(done.stdout)


def installed() -> str | None:
    """Where espeak-ng is, if it is."""
    return shutil.which(PROGRAM)


def _with_its_length(stream: bytes) -> bytes:
    """The clip with a true length in its header: written to a pipe, it claims to last for hours."""
    clip = io.BytesIO()
    with wave.open(io.BytesIO(stream)) as told, wave.open(clip, "wb") as written:
        written.setnchannels(told.getnchannels())
        written.setsampwidth(told.getsampwidth())
        written.setframerate(told.getframerate())
        written.writeframes(told.readframes(told.getnframes()))
    return clip.getvalue()
