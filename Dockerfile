# docker build -t mmmtl . && docker run --rm -v "$PWD:/data" -w /data mmmtl predict photos/ --out predictions
# With a GPU: docker run --gpus all --shm-size 8g ...; a CPU-only image: --build-arg INDEX=https://download.pytorch.org/whl/cpu
FROM python:3.12-slim
ARG INDEX=https://pypi.org/simple
ARG EXTRAS=pretrained,rooms
RUN apt-get update && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --index-url "$INDEX" torch torchvision
COPY . /mmmtl
RUN pip install --no-cache-dir "/mmmtl[$EXTRAS]" && rm -rf /mmmtl
ENTRYPOINT ["mmmtl"]
CMD ["--help"]
