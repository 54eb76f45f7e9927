"""List the networks of the model zoo."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--pretrained', action='store_true', help='list only networks with published weights')
    parser.add_argument('--markdown', action='store_true', help='print the page docs/model_zoo.md instead')


def run(args: argparse.Namespace) -> None:
    """Print the names with a description, or the page."""
    from mmmtl.model_zoo import list_models, model_info
    from mmmtl.model_zoo.page import model_zoo_page

    models = [model_info(name) for name in list_models(args.pretrained)]
    if args.markdown:
        print(model_zoo_page(models), end='')
        return
    for model in models:
        print(f'{model.name}: {model.about}')
