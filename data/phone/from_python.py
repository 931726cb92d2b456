"""Packs the metadata of the Python package phonenumbers as metadata.bin: see README.md.

    pip install phonenumbers==9.0.43
    python3 data/phone/from_python.py data/phone/metadata.bin

The package is generated from the same XML as the metadata of Google's own ports, and carries the same expressions. The form
written is `PhoneMetadataCollection` of `phonemetadata.proto`, as the crate rlibphonenumber packs it: regions by name, then
what is no country's by country calling code; expressions wrapped in `^(?:…)$`; groups of a format written `$1`.
"""

import re
import sys

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

WHOLE, BYTES = 0, 2
# Field numbers of phonemetadata.proto. Types of numbers that only short numbers have are left out.
KINDS = {
    "general_desc": 1, "fixed_line": 2, "mobile": 3, "toll_free": 4, "premium_rate": 5, "shared_cost": 6,
    "personal_number": 7, "voip": 8, "pager": 21, "no_international_dialling": 24, "uan": 25, "voicemail": 28,
}
# A type that a region does not have: its only length is -1.
NO_LENGTH = -1


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def whole(field, number):
    return field, varint(field << 3 | WHOLE) + varint(number)


def text(field, content):
    content = content if isinstance(content, bytes) else content.encode()
    return field, varint(field << 3 | BYTES) + varint(len(content)) + content


def message(fields):
    """Fields by number, those of one number in the order given."""
    return b"".join(encoded for _, encoded in sorted(fields, key=lambda field: field[0]))


def wrapped(expression):
    return f"^(?:{expression})$"


def groups(template):
    """`\\1` of Python is `$1` of Java."""
    return re.sub(r"\\(\d)", r"$\1", template)


def description(desc, general):
    """Lengths that are those of the region's numbers in general are not said again."""
    if desc is None:
        return message([whole(9, NO_LENGTH)])
    is_told = general is None or desc.possible_length != general.possible_length
    fields = [whole(9, length) for length in desc.possible_length if is_told]
    fields += [whole(10, length) for length in desc.possible_length_local_only]
    if desc.national_number_pattern is not None:
        fields.append(text(2, wrapped(desc.national_number_pattern)))
    if desc.example_number is not None:
        fields.append(text(6, desc.example_number))
    return message(fields)


def number_format(of, template=None):
    fields = [text(1, wrapped(of.pattern)), text(2, groups(template or of.format))]
    fields += [text(3, wrapped(digits)) for digits in of.leading_digits_pattern]
    if of.national_prefix_formatting_rule is not None:
        fields.append(text(4, groups(of.national_prefix_formatting_rule)))
    if of.domestic_carrier_code_formatting_rule is not None:
        fields.append(text(5, groups(of.domestic_carrier_code_formatting_rule)))
    fields.append(whole(6, bool(of.national_prefix_optional_when_formatting)))
    return message(fields)


def international(of):
    """Formats for use abroad. The package leaves their rules away: they are those of the format at home."""
    def digits(one):
        return one.pattern, tuple(one.leading_digits_pattern)

    at_home = {digits(one): one for one in of.number_format}
    return [number_format(at_home.get(digits(one), one), one.format) for one in of.intl_number_format]


def region(of):
    fields = [text(number, description(getattr(of, name), None if name == "general_desc" else of.general_desc))
              for name, number in KINDS.items()]
    fields += [text(9, of.id), whole(10, of.country_code)]
    for number, expression in {
        11: of.international_prefix, 15: of.national_prefix_for_parsing, 23: of.leading_digits,
    }.items():
        if expression is not None:
            fields.append(text(number, wrapped(expression)))
    for number, plain in {
        12: of.national_prefix, 13: of.preferred_extn_prefix, 17: of.preferred_international_prefix,
    }.items():
        if plain is not None:
            fields.append(text(number, plain))
    if of.national_prefix_transform_rule is not None:
        fields.append(text(16, groups(of.national_prefix_transform_rule)))
    has_both = of.fixed_line is not None and of.mobile is not None
    fields.append(whole(18, has_both and of.same_mobile_and_fixed_line_pattern))
    fields += [text(19, number_format(one)) for one in of.number_format]
    fields += [text(20, one) for one in international(of)]
    fields += [whole(number, 1) for number, is_so in {
        22: of.main_country_for_code, 32: of.mobile_number_portable_region,
    }.items() if is_so]
    return message(fields)


def collection():
    PhoneMetadata.load_all()
    countries = [PhoneMetadata.metadata_for_region(name) for name in sorted(phonenumbers.SUPPORTED_REGIONS)]
    nobodys = [PhoneMetadata.metadata_for_nongeo_region(code)
               for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)]
    return message([text(1, region(of)) for of in countries + nobodys])


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        out.write(collection())
    print(f"phonenumbers {phonenumbers.__version__}")
