"""What cameras call the things that they see, in the words of those who read titles."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "vi": {
        "person": "người",
        "bicycle": "xe đạp",
        "car": "ô tô",
        "motorcycle": "xe máy",
        "bus": "xe buýt",
        "truck": "xe tải",
        "van": "xe tải nhỏ",
        "train": "tàu hỏa",
        "boat": "thuyền",
        "vehicle": "xe",
        "moving": "vật chuyển động",
        "dog": "chó",
        "cat": "mèo",
        "cow": "bò",
        "horse": "ngựa",
        "backpack": "ba lô",
        "handbag": "túi xách",
        "suitcase": "va li",
        "smoke": "khói",
        "fire": "lửa",
        "flame": "ngọn lửa",
        "smoke-like": "giống khói",
        "flame-like": "giống lửa",
        "abandoned_object": "đồ bỏ lại",
        "face": "khuôn mặt",
        "license_plate": "biển số",
    },
    "en": {"abandoned_object": "something left behind", "license_plate": "number plate"},
}
"""By language, then by label; a label that is not here is shown as it is."""


def in_words(values: Mapping[str, object], language: str) -> dict[str, object]:
    """Give the values with labels in the words of a language; in `together` rules, also those of each side."""
    words = WORDS.get(language, {})
    return {
        name: words.get(value, value)
        if isinstance(value, str) and (name == "label" or name.endswith(".label"))
        else value
        for name, value in values.items()
    }
