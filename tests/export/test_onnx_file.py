"""Writing ONNX files: what exporters print is dropped."""

import os

from mmmtl.export.onnx_file import _silent


def test_nothing_is_printed_inside_and_everything_after(capfd):
    with _silent():
        print('a line of Python')
        os.write(1, b'a graph of thousands of lines')
        os.write(2, b'a graph of thousands of lines')
    print('after')
    os.write(2, b'errors after')
    output = capfd.readouterr()
    assert output.out == 'after\n' and output.err == 'errors after'
